import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DaemonLine } from '../../../lib/generated/daemon.js'
import type { DaemonSeen } from '../../../lib/generated/seen.js'
import { until } from '../../support/fault/until.js'

const program = fileURLToPath(new URL('../../../dist/lib/cli/bin.js', import.meta.url))
const running = new Set<ChildProcess>()

/** For `daemon` in a configuration. */
export const often = { interval: 0.2 }

/** A daemon that runs as a process of its own. */
export interface RunningDaemon {
  readonly pid: number
  readonly process: ChildProcess
  /** What it wrote to standard error. */
  said(): string
  /** Ends it; returns its exit code, or the signal that ended it. */
  end(signal?: NodeJS.Signals): Promise<number | string | null>
  readonly ended: Promise<number | string | null>
}

/** Given LBackup's configuration, start the daemon; with a wrapper, by that program and its arguments. */
export function startDaemon(configurationFile: string, wrapper: readonly string[] = []): RunningDaemon {
  const [file = '', ...args] = [...wrapper, process.execPath, program, 'daemon', 'run', '--config', configurationFile]
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  running.add(child)
  let said = ''
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString('utf8')))
  const ended = once(child, 'exit').then(([code, signal]) => {
    running.delete(child)
    return (code ?? signal) as number | string | null
  })
  return {
    pid: child.pid ?? 0,
    process: child,
    said: () => said,
    ended,
    end(signal = 'SIGTERM') {
      child.kill(signal)
      return ended
    },
  }
}

/** For `afterEach` of a suite. */
export async function endDaemons(): Promise<void> {
  const left = [...running]
  for (const child of left) {
    child.kill('SIGCONT')
    child.kill('SIGKILL')
  }
  await Promise.all(
    left.flatMap((child) => (child.exitCode === null && child.signalCode === null ? once(child, 'exit') : [])),
  )
}

export const historyFile = (stateFolder: string): string => join(stateFolder, 'daemon/history.jsonl')

/** What a daemon wrote down so far, whole lines alone. */
export function historyOf(stateFolder: string): DaemonLine[] {
  const file = historyFile(stateFolder)
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as DaemonLine)
}

/** What it saw last. */
export const seenBy = (stateFolder: string): DaemonSeen =>
  JSON.parse(readFileSync(join(stateFolder, 'daemon/seen.json'), 'utf8')) as DaemonSeen

/** `login bob`, `moved /Users/.bob/bob.sparsebundle`: each line in words. */
export const eventsOf = (stateFolder: string): string[] =>
  historyOf(stateFolder).map(({ event, path, user, detail }) =>
    [event, ['login', 'logout'].includes(event) ? user : (path ?? detail)].join(' '),
  )

/** Waits until so many lines tell of that. */
export const told = (stateFolder: string, event: DaemonLine['event'], times = 1): Promise<void> =>
  until(`${event}, ${String(times)} times`, () => {
    return historyOf(stateFolder).filter((line) => line.event === event).length >= times
  })

/** Waits until it knows of every image whether something uses it. */
export const settled = (stateFolder: string, state = 'detached'): Promise<void> =>
  until(`all images ${state}`, () => {
    if (!existsSync(join(stateFolder, 'daemon/seen.json'))) return false
    const { images } = seenBy(stateFolder)
    return images.length > 0 && images.every((image) => image.state === state)
  })
