import type { WatchLine } from '../generated/watch.js'
import { findProcess } from '../lbackup/process-list.js'
import { appendText, readFileIfPresent } from '../system/file.js'
import type { System } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'
import { letGoOn, standing } from './go-on.js'
import { journalLine, journalPath, readJournal } from './journal.js'
import type { WatchedProcess } from './order.js'

/** An rsync that stands still although no watch is there that would let it go on. */
export interface LeftPaused {
  readonly slot: string
  readonly since: string
  readonly processes: readonly WatchedProcess[]
}

const mostBytes = 64 * 1024 * 1024
/** A watch is given so long beyond its time to end a pause, milliseconds. */
const slack = 60_000

/**
 * Given the machine, the state folder and how long a pause may take in milliseconds, return what a watch that is gone, or
 * stands still itself, left paused; undefined: nothing. Throws OperationalError where that cannot be found out.
 */
export async function leftPaused(
  system: System,
  stateFolder: RawPath,
  longestPause: number,
): Promise<LeftPaused | undefined> {
  const file = readFileIfPresent(journalPath(stateFolder), mostBytes)
  if (file === undefined) return undefined
  const { process: watcher, events } = readJournal(file.bytes.toString('utf8'))
  const pauses = events.filter(({ event }) => event === 'paused')
  const last = pauses.at(-1)
  if (last === undefined) return undefined
  const processes = await standing(system, unique(pauses))
  if (processes.length === 0) return undefined
  const young = system.now().getTime() - Date.parse(last.at) < longestPause + slack
  if (young && watcher !== undefined && (await isAtWork(system, watcher))) return undefined
  return { slot: last.slot ?? '', since: last.at, processes }
}

/** Given the machine, the state folder and what was left, let it go on, and say so in the journal. */
export async function endLeftPaused(system: System, stateFolder: RawPath, left: LeftPaused, by: string): Promise<void> {
  await letGoOn(system, left.processes)
  const line: WatchLine = { at: system.now().toISOString(), event: 'resumed', slot: left.slot, detail: `${by} let it` }
  appendText(journalPath(stateFolder), journalLine(line), { sync: true })
}

/** Given what was left, return it in words for an administrator. */
export const leftPausedWords = ({ slot, since, processes }: LeftPaused): string =>
  `LBackup's rsync (process ${processes.map(({ pid }) => String(pid)).join(', ')}) stood still since ${since} for the image ${slot}, and the watch that should have let it go on was gone`

function unique(pauses: readonly WatchLine[]): WatchedProcess[] {
  const all = pauses.flatMap(({ processes = [] }) => processes)
  return [...new Map(all.map((one) => [`${String(one.pid)} ${one.startTime}`, one])).values()]
}

async function isAtWork(system: System, { pid, startTime }: WatchedProcess): Promise<boolean> {
  const entry = await findProcess(system, pid)
  return entry?.startTime === startTime && !entry.zombie && !entry.stopped
}
