import { Buffer } from 'node:buffer'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'

const source = fileURLToPath(new URL('../../../client/', import.meta.url))
const fakes = fileURLToPath(new URL('../../support/fakes/bsd/', import.meta.url))
export const parts = [
  'lbackup-filevault-client',
  ...['files', 'look', 'usage', 'watch'].map((part) => `client-${part}.sh`),
]

export const shells = {
  dash: ['/usr/bin/dash'],
  'bash --posix': ['/bin/bash', '--posix'],
  'busybox sh': ['/bin/busybox', 'sh'],
} as const
export type Shell = keyof typeof shells

/** gnu: find -printf. plain: a find without it, stat -c. bsd: the programs of a Mac. */
export type Dialect = 'gnu' | 'plain' | 'bsd'
export const dialects: readonly Dialect[] = ['gnu', 'plain', 'bsd']

export const nonce = '0123456789abcdef'

/** Runs a suite under each shell; one that is not there is skipped, and said. */
export function eachShell(suite: (shell: Shell) => void): void {
  for (const shell of Object.keys(shells) as Shell[]) {
    describe(`under ${shell}`, () => {
      before(function () {
        if (!existsSync(shells[shell][0])) skip(this, `${shells[shell][0]} is not installed`)
      })
      suite(shell)
    })
  }
}

export function eachShellAndDialect(suite: (shell: Shell, dialect: Dialect) => void): void {
  eachShell((shell) => {
    for (const dialect of dialects) describe(`with ${dialect} tools`, () => suite(shell, dialect))
  })
}

export const hex = (text: string | Buffer): string => Buffer.from(text).toString('hex')

export interface Answer {
  readonly status: string
  /** The lines between the first and the last, without lines of bytes; each character is one byte. */
  readonly lines: readonly string[]
  /** The bytes told after the line at this place in `lines`. */
  readonly bytes: readonly Buffer[]
  readonly problems: readonly string[]
  /** What follows the given word, of each line that begins with it. */
  after(word: string): string[]
  /** The bytes told after the first line that begins so. */
  bytesAfter(start: string): Buffer
}

/** Given all that a call printed, return the answer; throws where it is not whole. */
export function parse(stdout: Buffer, verb: string, wanted = nonce): Answer {
  const text = stdout.toString('latin1')
  if (!text.endsWith('\n')) throw new Error(`the answer does not end in a line feed: ${text.slice(-200)}`)
  const all = text.slice(0, -1).split('\n')
  if (all[0] !== `lbackup-filevault 1 ${wanted} ${verb}`) throw new Error(`first line: ${String(all[0])}`)
  const end = /^end (\S+) (\S+) (\d+)$/.exec(all.at(-1) as string)
  if (end === null || end[1] !== wanted) throw new Error(`last line: ${String(all.at(-1))}`)
  if (Number(end[3]) !== all.length - 2) throw new Error(`${String(all.length - 2)} lines, but ${String(all.at(-1))}`)
  const lines: string[] = []
  const pieces: string[][] = []
  for (const line of all.slice(1, -1)) {
    if (/^x( [0-9a-f]{2}){1,16}$/.test(line)) pieces.at(-1)?.push(line.slice(2).replaceAll(' ', ''))
    else {
      lines.push(line)
      pieces.push([])
    }
  }
  const bytes = pieces.map((piece) => Buffer.from(piece.join(''), 'hex'))
  const after = (word: string): string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))
  return {
    status: end[2] as string,
    lines,
    bytes,
    problems: after('problem'),
    after,
    bytesAfter: (start) => bytes[lines.findIndex((line) => line.startsWith(start))] ?? Buffer.alloc(0),
  }
}

export interface CallOptions {
  readonly input?: string | Buffer
  readonly env?: Record<string, string>
  readonly cwd?: string
  readonly uid?: number
  /** Instead of the version and the nonce. */
  readonly front?: readonly string[]
}

export interface ClientLab {
  readonly folder: string
  readonly program: string
  readonly config: string
  /** A folder that is a root of the configuration. */
  readonly root: string
  readonly shell: Shell
  configure(...lines: string[]): void
  call(verb: string, args?: readonly string[], options?: CallOptions): Answer
  start(verb: string, args?: readonly string[]): ReturnType<typeof spawn>
}

/** Makes a copy of the client with a configuration and a root, both gone after the test. */
export function clientLab(shell: Shell, dialect: Dialect = 'gnu', ...settings: string[]): ClientLab {
  const folder = temporaryFolder()
  chmodSync(folder, 0o755)
  const [place, root] = [join(folder, 'program'), join(folder, 'root')]
  for (const each of [place, root]) mkdirSync(each, { mode: 0o755 })
  for (const part of parts) {
    copyFileSync(join(source, part), join(place, part))
    chmodSync(join(place, part), 0o755)
  }
  const [program, config] = [join(place, parts[0] as string), join(place, 'client.conf')]
  const tools = dialect === 'gnu' ? [] : [`tool-find ${fakes}find`]
  if (dialect === 'bsd') tools.push('platform macos', `tool-stat ${fakes}stat`)
  const configure = (...lines: string[]): void => {
    writeFileSync(config, [`root ${root}`, ...tools, ...lines, ''].join('\n'), { mode: 0o644 })
  }
  configure(...settings)
  const words = (verb: string, args: readonly string[], front: readonly string[]): string[] => [
    ...shells[shell].slice(1),
    program,
    ...front,
    verb,
    ...args,
  ]
  return {
    folder,
    program,
    config,
    root,
    shell,
    configure,
    call(verb, args = [], { input = '', env = {}, cwd = '/', uid, front = ['1', nonce] } = {}) {
      const { stdout, error } = spawnSync(shells[shell][0], words(verb, args, front), {
        input,
        env,
        cwd,
        ...(uid === undefined ? {} : { uid, gid: uid }),
        maxBuffer: 256 * 1024 * 1024,
      })
      if (error !== undefined) throw error
      return parse(stdout, verb)
    },
    start: (verb, args = []) => spawn(shells[shell][0], words(verb, args, ['1', nonce]), { env: {}, cwd: '/' }),
  }
}
