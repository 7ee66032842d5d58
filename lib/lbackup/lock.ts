import { OperationalError } from '../finding/operational-error.js'
import { createExclusively, createFolderExclusively, namesIn } from '../system/exclusive-file.js'
import { readFileIfPresent, removeFile, replaceFile } from '../system/file.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import type { ProcessIdentity } from './process-chain.js'

// The lock is a folder of numbered files, the highest of which counts. A run takes the lock by creating the next number,
// which only one can; releasing writes into the file and leaves it. With a single file, two that both found it stale
// could each remove what the other had just put there.

/** Who holds the lock: LBackup's process, because our hook ends long before its run does. */
export interface LockHolder extends ProcessIdentity {
  readonly host: string
  /** ISO 8601, UTC. */
  readonly since: string
  readonly runId: string
}

export interface LockTaken {
  /** A run that ended without releasing the lock, and that now lost it. */
  readonly stale?: LockHolder
  /** The lock of a dead run could not be read. */
  readonly unreadable: boolean
}

/**
 * Given the state folder, who wants the lock and a way to tell whether another may still hold it, take the lock.
 * Throws OperationalError (`run-in-progress`, `hook-ran-twice`) while somebody holds it.
 */
export async function takeLock(
  stateFolder: RawPath,
  holder: LockHolder,
  mayHold: (other: LockHolder) => Promise<boolean>,
): Promise<LockTaken> {
  const folder = lockFolder(stateFolder)
  createFolderExclusively(folder)
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const highest = Math.max(0, ...numbers(folder))
    const before = highest === 0 ? 'free' : readHolder(folder, highest)
    if (before === 'vanished') continue
    if (typeof before === 'object' && (await mayHold(before))) throw refused(before, holder, folder)
    const mine = highest + 1
    if (!createExclusively(file(folder, mine), `${JSON.stringify(holder)}\n`)) continue
    // Somebody slower than two others may have created a number that was already taken, released and removed.
    if (numbers(folder).some((number) => number > mine)) {
      removeFile(file(folder, mine))
      continue
    }
    for (const number of numbers(folder)) if (number < mine) removeFile(file(folder, number))
    return { unreadable: before === 'unreadable', ...(typeof before === 'object' ? { stale: before } : {}) }
  }
  throw new OperationalError(
    'lock-contended',
    'Our own lock could not be taken: too many runs of this configuration start at the same moment.',
    'Start one LBackup at a time.',
  )
}

/** Given the state folder and a run, release the lock if that run holds it, and tell whether it did. */
export function releaseLock(stateFolder: RawPath, runId: string): boolean {
  const folder = lockFolder(stateFolder)
  const highest = Math.max(0, ...existing(folder))
  const holder = highest === 0 ? 'free' : readHolder(folder, highest)
  if (typeof holder !== 'object' || holder.runId !== runId) return false
  replaceFile(file(folder, highest), `${JSON.stringify({ ...holder, released: true })}\n`)
  return true
}

/** As `releaseLock`, where the disk takes no word: for a holder that lives on, so that nobody takes its lock for stale. */
export function abandonLock(stateFolder: RawPath, runId: string): void {
  if (lockHolder(stateFolder)?.runId !== runId) return
  const folder = lockFolder(stateFolder)
  removeFile(file(folder, Math.max(...numbers(folder))))
}

/** Given the state folder, return who took the lock and has not released it, alive or not; undefined: nobody. */
export function lockHolder(stateFolder: RawPath): LockHolder | undefined {
  const folder = lockFolder(stateFolder)
  const highest = Math.max(0, ...existing(folder))
  const holder = highest === 0 ? 'free' : readHolder(folder, highest)
  return typeof holder === 'object' ? holder : undefined
}

function refused(other: LockHolder, mine: LockHolder, folder: RawPath): OperationalError {
  const who = `LBackup's process ${String(other.pid)} on ${other.host}, since ${other.since}`
  if (other.pid === mine.pid && other.startTime === mine.startTime && other.bootId === mine.bootId) {
    return new OperationalError(
      'hook-ran-twice',
      `This LBackup (process ${String(other.pid)}) ran our pre hook already, at ${other.since}.`,
      'Look for a second copy of the hook in pre-actions: every executable file whose name begins with BACKUP is run.',
    )
  }
  const cure =
    other.host === mine.host
      ? 'Wait until that backup is done, or end it, then run again.'
      : `If that backup no longer runs on ${other.host}, remove the folder ${printable(folder)}.`
  return new OperationalError('run-in-progress', `Another backup of this configuration is running: ${who}.`, cure)
}

const lockFolder = (stateFolder: RawPath): RawPath => join(stateFolder, 'lock')
const file = (folder: RawPath, number: number): RawPath => join(folder, String(number))
const numbers = (folder: RawPath): number[] =>
  namesIn(folder).flatMap((name) => (/^[1-9][0-9]{0,14}$/.test(name) ? Number(name) : []))

function existing(folder: RawPath): number[] {
  try {
    return numbers(folder)
  } catch (error) {
    if (error instanceof OperationalError && error.code === 'file-missing') return []
    throw error
  }
}

function readHolder(folder: RawPath, number: number): LockHolder | 'free' | 'unreadable' | 'vanished' {
  const found = readFileIfPresent(file(folder, number), 64 * 1024)
  if (found === undefined) return 'vanished'
  try {
    const { pid, startTime, bootId, host, since, runId, released } = JSON.parse(found.bytes.toString('utf8')) as Record<
      string,
      unknown
    >
    const texts = [startTime, bootId, host, since, runId]
    if (typeof pid !== 'number' || !texts.every((text) => typeof text === 'string')) return 'unreadable'
    return released === true ? 'free' : ({ pid, startTime, bootId, host, since, runId } as LockHolder)
  } catch {
    return 'unreadable'
  }
}
