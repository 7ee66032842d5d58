import { Buffer } from 'node:buffer'
import type { ExecaError } from 'execa'
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

const minimalEnvironment = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LANG: 'C', LC_ALL: 'C', HOME: '/var/empty' }

const forceKillSeconds = 2

/** Given a Command, run it and return what came of it; it never throws for what the program does. */
export async function run(command: Command): Promise<CommandResult> {
  // Loaded on first use: most of what this program does spawns nothing, and the import costs as much as Node's start.
  const { execa } = await import('execa')
  await trace('process', [command.file, ...command.args].join(' '))
  const subprocess = execa(command.file, command.args, {
    timeout: command.timeoutSeconds * 1000,
    forceKillAfterDelay: forceKillSeconds * 1000,
    input: command.input ?? Buffer.alloc(0),
    env: { ...minimalEnvironment, ...command.env },
    extendEnv: false,
    encoding: 'buffer',
    maxBuffer: command.maxOutputBytes ?? 64 * 1024 * 1024,
    reject: false,
    stripFinalNewline: false,
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
  })
  // What the program started may live on with our pipes in its hands, and would be waited for without end.
  const hangUp = setTimeout(
    () => {
      for (const stream of [subprocess.stdin, subprocess.stdout, subprocess.stderr]) stream.destroy()
    },
    (command.timeoutSeconds + forceKillSeconds + 1) * 1000,
  )
  const result = await subprocess.finally(() => clearTimeout(hangUp))
  await trace('process', `${command.file} ended: ${String(result.exitCode ?? result.signal ?? 'not started')}`)
  const failure = result as Partial<ExecaError>
  return {
    file: command.file,
    args: command.args,
    exitCode: result.exitCode,
    signal: result.signal,
    timedOut: result.timedOut,
    tooMuchOutput: result.isMaxBuffer,
    startError: result.exitCode === undefined && result.signal === undefined ? (failure.code ?? 'unknown') : undefined,
    stdout: Buffer.from(result.stdout),
    stderr: Buffer.from(result.stderr),
  }
}
