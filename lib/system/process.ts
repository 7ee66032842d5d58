import { Buffer } from 'node:buffer'
import type { Readable, Writable } from 'node:stream'
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import type { ExecaError, Result } from 'execa'
import { trace } from './trace.js'

/** A program to run: argv array, never a shell. Names that are not UTF-8 cannot be argv in Node: pass them on stdin. */
export interface Command {
  /** Absolute path of the program. */
  readonly file: string
  readonly args: readonly string[]
  /** Killed (TERM, then KILL after two seconds) when this is over. */
  readonly timeoutSeconds: number
  /** Bytes for standard input; without them it is empty. */
  readonly input?: Buffer | string
  /** Added to the minimal environment (PATH, LANG=C, LC_ALL=C, HOME). */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** More output than this ends the program; default 64 MiB. */
  readonly maxOutputBytes?: number
  /** Ended (as when its time is over) when this is given. */
  readonly cancel?: AbortSignal
  /** What it prints is a secret: nothing but the result's `stdout` keeps it, which the caller overwrites. */
  readonly secretOutput?: boolean
}

/** What came of a Command: always the same keys. */
export interface CommandResult {
  readonly file: string
  readonly args: readonly string[]
  /** undefined: never started, or ended by a signal. */
  readonly exitCode: number | undefined
  readonly signal: string | undefined
  readonly timedOut: boolean
  readonly tooMuchOutput: boolean
  /** The system's word (ENOENT, EACCES …) where the program could not be started. */
  readonly startError: string | undefined
  readonly stdout: Buffer
  readonly stderr: Buffer
}

export const minimalEnvironment = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LANG: 'C', LC_ALL: 'C', HOME: '/var/empty' }

const mebibyte = 1024 * 1024
const forceKillSeconds = 2
/** How long a program that has ended may leave its output open: what it started may hold it without end. */
const graceSeconds = 0.3
/** Beyond the KILL: not even that ends a program that waits for a dead disk or network volume. */
const giveUpSeconds = forceKillSeconds + 1

/**
 * Given a Command, run it and return what came of it; it never throws for what the program does. It returns when the
 * program has ended and its output is closed or 0.3 s old, whichever is first; and at the latest three seconds after the
 * limit. What was printed until then is kept. What the program started is neither waited for nor ended.
 */
export async function run(command: Command): Promise<CommandResult> {
  // Loaded on first use: most of what this program does spawns nothing, and the import costs as much as Node's start.
  const { execa } = await import('execa')
  await trace('process', [command.file, ...command.args].join(' '))
  const subprocess = execa(command.file, command.args, {
    forceKillAfterDelay: forceKillSeconds * 1000,
    input: command.input ?? Buffer.alloc(0),
    env: { ...minimalEnvironment, ...command.env },
    extendEnv: false,
    encoding: 'buffer',
    buffer: false,
    reject: false,
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    ...(command.cancel === undefined ? {} : { cancelSignal: command.cancel }),
  })
  const tooMuch = (): unknown => subprocess.kill()
  const most = command.maxOutputBytes ?? 64 * mebibyte
  const secret = command.secretOutput === true
  const stdout = collect(subprocess.stdout, most, tooMuch, secret)
  const stderr = collect(subprocess.stderr, most, tooMuch)
  const { result, timedOut } = await endingWithUs(subprocess, () => ending(subprocess, command.timeoutSeconds))
  const [exitCode, signal] = [result?.exitCode, result?.signal]
  await trace(
    'process',
    `${command.file} ended: ${String(exitCode ?? signal ?? (timedOut ? 'given up' : 'not started'))}`,
  )
  const failure = result as Partial<ExecaError> | undefined
  return {
    file: command.file,
    args: command.args,
    exitCode,
    signal,
    timedOut,
    tooMuchOutput: stdout.tooMuch() || stderr.tooMuch(),
    startError:
      result !== undefined && exitCode === undefined && signal === undefined ? (failure?.code ?? 'unknown') : undefined,
    stdout: stdout.bytes(),
    stderr: stderr.bytes(),
  }
}

const running = new Set<Pick<Subprocess, 'kill'>>()

/** Where this process ends before its program, nobody is left to end that one, which may be deaf to a TERM. */
async function endingWithUs<Result>(subprocess: Pick<Subprocess, 'kill'>, end: () => Promise<Result>): Promise<Result> {
  if (running.size === 0) process.once('exit', endAll)
  running.add(subprocess)
  try {
    return await end()
  } finally {
    running.delete(subprocess)
    if (running.size === 0) process.removeListener('exit', endAll)
  }
}

function endAll(): void {
  for (const subprocess of running) subprocess.kill('SIGKILL')
}

interface Subprocess extends PromiseLike<Pick<Result, 'exitCode' | 'signal'>> {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  once(event: 'exit', listener: () => void): unknown
  kill(signal?: 'SIGKILL'): boolean
  unref(): void
}

/** What execa says of the end, undefined where the program outlived even KILL; and whether the limit was over first. */
async function ending(subprocess: Subprocess, limitSeconds: number) {
  const timers: NodeJS.Timeout[] = []
  const after = (seconds: number, action: () => void): void => void timers.push(setTimeout(action, seconds * 1000))
  const hangUp = (): void => {
    for (const stream of [subprocess.stdin, subprocess.stdout, subprocess.stderr]) stream.destroy()
  }
  let [ended, timedOut] = [false, false]
  subprocess.once('exit', () => {
    ended = true
    after(graceSeconds, () => void eventsSeen().then(hangUp))
  })
  const givenUp = new Promise<undefined>((resolve) => {
    const giveUp = async (): Promise<void> => {
      await eventsSeen()
      if (ended) return
      hangUp()
      subprocess.unref()
      resolve(undefined)
    }
    const limit = async (): Promise<void> => {
      await eventsSeen()
      if (ended) return
      timedOut = true
      subprocess.kill()
      after(giveUpSeconds, () => void giveUp())
    }
    after(limitSeconds, () => void limit())
  })
  try {
    return { result: await Promise.race([subprocess, givenUp]), timedOut }
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
}

/** Where this process was busy, its timers are due before what happened meanwhile, and what was printed, is seen. */
async function eventsSeen(): Promise<void> {
  await turnOfTheLoop()
  await turnOfTheLoop()
}

/** Keeps what a stream brings up to that many bytes; then closes it and calls `tooMuch`. */
function collect(stream: Readable, most: number, tooMuch: () => void, secret = false) {
  const chunks: Buffer[] = []
  let length = 0
  stream.on('data', (chunk: Buffer) => {
    const room = most - length
    if (room < 0) return
    chunks.push(chunk.subarray(0, room))
    length += chunk.length
    if (length <= most) return
    stream.destroy()
    tooMuch()
  })
  return {
    bytes: () => {
      // Concatenated small buffers lie in a pool that others share.
      const all = Buffer.alloc(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
      let at = 0
      for (const chunk of chunks) {
        at += chunk.copy(all, at)
        if (secret) chunk.fill(0)
      }
      return all
    },
    tooMuch: () => length > most,
  }
}
