import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Context } from 'mocha'
import { skip } from '../skip.js'
import { openEvents, type EventActions } from './events.js'
import type { Lab } from './lab.js'

/** Who runs the session: our stand-in, or the LBackup that LBACKUP_SCRIPT names (two sleeps of 7 s each). */
export type Host = 'ours' | 'real'
export const hosts: readonly Host[] = ['ours', 'real']

const ours = fileURLToPath(new URL('./backup_script.bash', import.meta.url))
const event = fileURLToPath(new URL('./event.bash', import.meta.url))

export interface SessionOptions {
  /** The caller's whole environment. Default: HOME and PATH. */
  readonly environment?: Readonly<Record<string, string>>
  /** The caller's working folder. Default: `/`. */
  readonly folder?: string
  /** LBackup's arguments. Default: the lab's configuration file. */
  readonly args?: readonly string[]
  /**
   * What to do while the session waits. The real LBackup has no such moments: there a last pre hook and a first post hook
   * wait instead, so `after-rsync` comes only where post hooks run, and after the rotation.
   */
  readonly at?: EventActions
  /** Seconds for each of the two sleeps of our stand-in; default 0. */
  readonly pauseSeconds?: number
  /** Program our stand-in takes for ssh; the real LBackup gets the configuration that lies beside it as `config`. */
  readonly ssh?: string
  /** Program our stand-in takes for rsync. */
  readonly rsync?: string
}

/** What came of a session. */
export interface SessionResult {
  /** As a shell tells it: 128 + signal number for one that a signal ended. */
  readonly exitCode: number
  /** Standard output and standard error together, as on a terminal. */
  readonly output: string
  /** The whole log; empty where there is none. */
  readonly log: string
  /** Names of the sections, sorted. */
  readonly sections: readonly string[]
  readonly lockLeft: boolean
}

/** A session under way, in a process group of its own. */
export interface RunningSession {
  /** LBackup's process. */
  readonly pid: number
  readonly result: Promise<SessionResult>
  /** Sends a signal to LBackup alone, or to its whole process group (as Ctrl-C does). */
  signal(signal: NodeJS.Signals, to?: 'process' | 'group'): void
}

/** Skips the running test unless the host can be used. */
export function needHost(context: Context, host: Host): void {
  if (host === 'real' && realScript() === undefined) skip(context, 'the real LBackup is not named by LBACKUP_SCRIPT')
}

/** Given a host and a lab, run one whole session. */
export const runSession = (host: Host, lab: Lab, options: SessionOptions = {}): Promise<SessionResult> =>
  startSession(host, lab, options).result

/** Given a host and a lab, start a session and return at once. */
export function startSession(host: Host, lab: Lab, given: SessionOptions = {}): RunningSession {
  const options = lab.client === undefined ? given : { ssh: lab.client.ssh, ...given }
  const script = host === 'ours' ? ours : (realScript() as string)
  const channel = options.at === undefined ? undefined : openEvents(join(lab.folder, '.events'), options.at)
  const eventHooks = channel !== undefined && host === 'real' ? hookEvents(lab, channel.folder) : []
  const call = [script, ...(options.args ?? [lab.configurationFile])]
  const [program = '', ...args] = host === 'real' && options.ssh !== undefined ? withSshConfig(options.ssh, call) : call
  const child = spawn(program, args, {
    cwd: options.folder ?? '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...(options.environment ?? { HOME: lab.folder, PATH: '/usr/bin:/bin' }),
      ...(host === 'ours' && channel !== undefined ? { SESSION_EVENTS: channel.folder } : {}),
      ...(host === 'ours' && options.pauseSeconds !== undefined ? { SESSION_PAUSE: String(options.pauseSeconds) } : {}),
      ...(host === 'ours' && options.ssh !== undefined ? { SESSION_SSH: options.ssh } : {}),
      ...(host === 'ours' && options.rsync !== undefined ? { SESSION_RSYNC: options.rsync } : {}),
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()))
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    // Not 'close': an orphaned hook or rsync keeps the pipes open long after LBackup has ended.
    child.once('exit', (code, signal) => {
      const exitCode = code ?? 128 + signalNumber(signal)
      const grace = setTimeout(() => {
        for (const stream of [child.stdout, child.stderr]) stream.destroy()
        resolve(exitCode)
      }, 2000)
      child.once('close', () => {
        clearTimeout(grace)
        resolve(exitCode)
      })
    })
  })
  const result = ended
    .finally(async () => {
      await channel?.close()
      for (const hook of eventHooks) rmSync(hook, { force: true })
    })
    .then((exitCode) => ({
      exitCode,
      output,
      log: existsSync(lab.logFile) ? lab.log() : '',
      sections: existsSync(lab.destination) ? lab.sections() : [],
      lockLeft: existsSync(lab.lockFile),
    }))
  const pid = child.pid ?? 0
  return {
    pid,
    result,
    signal: (signal, to = 'process') => void process.kill(to === 'group' ? -pid : pid, signal),
  }
}

/** LBackup calls `ssh` by its name, so that only root's own configuration can say where `client` is: in a /root of its own. */
function withSshConfig(ssh: string, call: readonly string[]): string[] {
  const config = join(dirname(ssh), 'config')
  const enter = `mount -t tmpfs none /root && mkdir -m 700 /root/.ssh && cp '${config}' /root/.ssh/config && exec "$0" "$@"`
  return ['unshare', '--mount', 'sh', '-c', enter, ...call]
}

function realScript(): string | undefined {
  const named = process.env['LBACKUP_SCRIPT']
  return named === '' ? undefined : named
}

const hookEvents = (lab: Lab, folder: string): string[] => [
  lab.hook('pre', 'BACKUP-999-session-event', `exec bash '${event}' '${folder}' before-rsync`),
  lab.hook('post', 'BACKUP-000-session-event', `exec bash '${event}' '${folder}' after-rsync`),
]

function signalNumber(signal: NodeJS.Signals | null): number {
  const numbers: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 }
  return (signal === null ? undefined : numbers[signal]) ?? 0
}
