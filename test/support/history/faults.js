// Loaded before a hook (node --import): lets it die, or its disk fail, at its k-th step that changes something in a folder.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { isMainThread } from 'node:worker_threads'

const { O_CREAT } = fs.constants
const { kind, step, below, countFile } = JSON.parse(process.env['HISTORY_FAULT'] ?? '{}')
let steps = 0

/** The place behind a path, or behind a descriptor; /proc/self/fd/N/name leads to the folder that is held. */
function placeOf(target) {
  if (typeof target === 'number') return link(`/proc/self/fd/${String(target)}`)
  const path = target.toString('latin1')
  const [, descriptor, rest] = /^(\/proc\/(?:self|\d+)\/fd\/\d+)(.*)$/s.exec(path) ?? []
  return descriptor === undefined ? path : `${link(descriptor)}${rest}`
}

function link(path) {
  try {
    return fs.readlinkSync(path)
  } catch {
    return ''
  }
}

/** Which argument names what is changed, and whether the step needs room on the disk. */
const calls = {
  openSync: { at: 0, room: true, counts: ([, flags]) => (flags & O_CREAT) !== 0 },
  writeSync: { at: 0, room: true },
  mkdirSync: { at: 0, room: true },
  linkSync: { at: 1, room: true },
  copyFileSync: { at: 1, room: true },
  renameSync: { at: 1 },
  unlinkSync: { at: 0 },
  rmdirSync: { at: 0 },
  rmSync: { at: 0 },
  fchownSync: { at: 0 },
  futimesSync: { at: 0 },
  fsyncSync: { at: 0 },
}

function failure(code, call) {
  const errno = { ENOSPC: -28, EIO: -5 }[code]
  return Object.assign(new Error(`${code}: injected, ${call}`), { code, errno, syscall: call.replace('Sync', '') })
}

function befall(name, { at, room = false, counts = () => true }) {
  const original = fs[name]
  fs[name] = (...args) => {
    if (!counts(args) || !placeOf(args[at]).startsWith(below)) return original(...args)
    steps += 1
    if (kind === 'kill' && steps === step) process.kill(process.pid, 'SIGKILL')
    if (kind === 'EIO' && steps === step) throw failure('EIO', name)
    if (kind === 'ENOSPC' && steps >= step && room) throw failure('ENOSPC', name)
    return original(...args)
  }
}
// Threads of a hook only read.
if (isMainThread) {
  for (const [name, call] of Object.entries(calls)) befall(name, call)
  // The hooks import names from node:fs; those follow only now.
  syncBuiltinESMExports()
  process.once('exit', () => fs.writeFileSync(countFile, String(steps)))
}
