// One program of a Mac that is not one: `node tool.js NAME FOLDER ARGUMENTS…`. What it answers stands in
// FOLDER/state.json; each call is added to FOLDER/calls.jsonl.
import { Buffer } from 'node:buffer'
import { appendFileSync, readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { setInterval } from 'node:timers'
import { answers } from './answers.js'

const [name, folder, ...args] = process.argv.slice(2)
const state = JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8'))
// Not readFileSync(0): standard input may be a socket that does not wait.
const input = await text(process.stdin)
appendFileSync(join(folder, 'calls.jsonl'), `${JSON.stringify({ name, args, input })}\n`)

const fault = state.faults?.[name]
if (fault?.hang !== undefined) {
  // `deaf` does not end when asked to.
  if (fault.hang === 'deaf') process.on('SIGTERM', () => undefined)
  setInterval(() => undefined, 1000)
} else if (fault?.flood === true) {
  const line = Buffer.alloc(64 * 1024, 'x')
  const more = (error) => {
    if (!error) process.stdout.write(line, more)
  }
  process.stdout.on('error', () => undefined)
  more()
} else {
  const {
    stdout = '',
    stderr = '',
    code = 0,
    hang,
  } = fault ?? answers[name](state, args, { input, identity, openFiles, folder })
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  process.exitCode = code
  if (hang) setInterval(() => undefined, 1000)
}

function identity(path) {
  const { dev, ino } = statSync(path)
  return { dev, ino }
}

function openFiles(pid) {
  const read = (descriptor, link) => {
    try {
      return [{ descriptor, path: readlinkSync(link) }]
    } catch {
      return []
    }
  }
  const descriptors = readdirSync(`/proc/${pid}/fd`)
  return [
    ...read('cwd', `/proc/${pid}/cwd`),
    ...descriptors.flatMap((descriptor) => read(descriptor, `/proc/${pid}/fd/${descriptor}`)),
  ]
}
