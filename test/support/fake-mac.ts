import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { realSystem, type System, type Tools } from '../../lib/system/system.js'
import { temporaryFolder } from './temporary.js'

const program = fileURLToPath(new URL('./fakes/tool.js', import.meta.url))
const names = [
  'hdiutil',
  'lsof',
  'who',
  'scutil',
  'caffeinate',
  'dscl',
  'stat',
  'mount',
  'ps',
  'tmutil',
  'mountApfs',
  'diskutil',
  'security',
  'fsckHfs',
  'fsckApfs',
] as const
type FakeName = (typeof names)[number]

/** What the fake programs of a Mac answer. Paths as ordinary text. */
export interface FakeMacState {
  attached?: {
    path: string
    mountPoints?: string[]
    devices?: string[]
    pid?: number
    uid?: number
    writeable?: boolean
  }[]
  /** What lsof tells; device and inode are those of the real file. */
  open?: { path: string; pid: number; program: string; uid?: number; user?: string }[]
  /** Owner of the console; `root` while nobody is logged in. */
  console?: string
  /** Graphical sessions, those switched away from too. */
  graphical?: string[]
  who?: { user: string; line: string; from?: string }[]
  users?: { name: string; uid: number; home: string; homeDirectory?: string }[]
  volumes?: { source: string; point: string; type: string; flags: string[] }[]
  processes?: { pid: number; parentPid: number }[]
  /** How an attach goes. It is kept who was attached and not detached; `hdiutil info` tells of it too. */
  attach?: {
    /** Printed where it works; else Apple's partition map and one HFS volume. */
    answer?: string
    /** It fails so, after it checked the passphrase. */
    stderr?: string
    code?: number
    passphrase?: string
    /** Attaches, and never says so. */
    hang?: true
    /** So often a detach finds it busy. */
    busy?: number
  }
  /** Instead of an answer: hangs (`deaf`: also when asked to end), prints without end, or prints just this. */
  faults?: Partial<
    Record<FakeName, { hang?: 'polite' | 'deaf'; flood?: true; stdout?: string; stderr?: string; code?: number }>
  >
}

export interface FakeMac {
  readonly folder: string
  /** For `tools` in a configuration. */
  readonly tools: Pick<Tools, FakeName>
  readonly system: System
  /** Replaces the state. */
  set(state: FakeMacState): void
  /** Every call so far. */
  calls(): { name: FakeName; args: string[]; input: string }[]
  /** What is attached by now, and what there was to see of each image that ever was. */
  disks(): { attached: string[]; seen: { path: string; mode: number; inodes: number[] }[] }
}

/** Makes the programs of a Mac for this test, as executables that read their state from a file in one folder. */
export function fakeMac(state: FakeMacState = {}, commandSeconds = 20): FakeMac {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'bin'))
  const tools = {} as Record<FakeName, string>
  for (const name of names) {
    const path = join(folder, 'bin', name)
    const words = [process.execPath, program, name, folder].map((word) => `'${word.replaceAll("'", "'\\''")}'`)
    writeFileSync(path, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`)
    chmodSync(path, 0o755)
    tools[name] = path
  }
  const set = (next: FakeMacState): void => {
    // Replaced whole: a program may be reading it.
    writeFileSync(join(folder, 'state.json.new'), JSON.stringify(next))
    renameSync(join(folder, 'state.json.new'), join(folder, 'state.json'))
  }
  set(state)
  return {
    folder,
    tools,
    set,
    system: realSystem({ platform: 'macos', tools, commandSeconds }),
    disks: () => {
      const file = join(folder, 'disks.json')
      const none = { attached: [], seen: [] }
      return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as typeof none) : none
    },
    calls: () => {
      const log = join(folder, 'calls.jsonl')
      // One that is being written, or was cut off by a kill, has no end yet.
      const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []
      return lines.map((line) => JSON.parse(line) as { name: FakeName; args: string[]; input: string })
    },
  }
}
