import { longestLine } from '../lib/system/piped.js'
import { lineReader } from '../lib/text/lines.js'
import { guardPost } from '../lib/watch/guard-post.js'

// Started by the watch before it makes rsync stand still. The end of our input is the end of the watch.
const post = guardPost((line) => process.stdout.write(`${line}\n`))
// Nobody may be left to hear us.
process.stdout.on('error', () => undefined)
process.on('SIGTERM', () => undefined)
process.on('SIGHUP', () => undefined)
process.on('SIGINT', () => undefined)
// What is cut in the middle of a character is put together again.
process.stdin.setEncoding('utf8').on(
  'data',
  lineReader(longestLine, (line) => post.take(line)),
)
process.stdin.on('end', () => void post.left())
process.stdin.on('error', () => void post.left())
process.stdout.write('here\n')
