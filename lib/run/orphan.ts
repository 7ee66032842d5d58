import { OperationalError } from '../finding/operational-error.js'
import { lockHolder } from '../lbackup/lock.js'
import { isAlive, type ProcessIdentity } from '../lbackup/process-chain.js'
import type { RunContext } from './context.js'

/** The code of an error that must not be written into LBackup's log: another LBackup's rsync may be running. */
export const orphaned = 'hook-orphaned'

const launcher = process.ppid

/**
 * Given the run, throw where its hook works for nobody any more: our launcher or LBackup was killed, or another LBackup
 * that runs has our lock. A signal that ends LBackup alone lets its hook go on, perhaps beside the next LBackup; excludes
 * file, record and log are not ours to touch then. Asked before each of these.
 */
export async function refuseOrphan({
  stateFolder,
  system,
  lbackup,
}: Pick<RunContext, 'stateFolder' | 'system' | 'lbackup'>): Promise<void> {
  const holder = lockHolder(stateFolder)
  if (holder !== undefined && !isSame(holder, lbackup) && (await isAlive(system, holder))) {
    throw orphan(
      `Another backup of this configuration is running: LBackup's process ${String(holder.pid)}, since ${holder.since}.`,
      'Wait until that backup is done, then run LBackup again.',
    )
  }
  if (process.ppid === launcher && (await isAlive(system, lbackup))) return
  throw orphan(
    'The LBackup that started this hook, or the hook itself, was ended while the hook was at work; it does nothing more.',
    'Run LBackup again; its pre-backup hook puts right what was left.',
  )
}

const orphan = (message: string, cure: string): OperationalError => new OperationalError(orphaned, message, cure)

const isSame = (one: ProcessIdentity, other: ProcessIdentity): boolean =>
  one.pid === other.pid && one.startTime === other.startTime && one.bootId === other.bootId
