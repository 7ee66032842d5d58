import { lines } from '../lib/system/piped.js'
import { guardPost } from '../lib/watch/guard-post.js'

// Started by the watch before it makes rsync stand still. The end of our input is the end of the watch.
const post = guardPost((line) => process.stdout.write(`${line}\n`))
// Nobody may be left to hear us.
process.stdout.on('error', () => undefined)
process.on('SIGTERM', () => undefined)
process.on('SIGHUP', () => undefined)
process.on('SIGINT', () => undefined)
process.stdin.on(
  'data',
  lines((line) => post.take(line)),
)
process.stdin.on('end', () => void post.left())
process.stdin.on('error', () => void post.left())
process.stdout.write('here\n')
