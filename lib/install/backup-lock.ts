import { OperationalError } from '../finding/operational-error.js'
import { lockPid } from '../lbackup/process-chain.js'
import { findProcess, type ProcessEntry } from '../lbackup/process-list.js'
import { readFileIfPresent } from '../system/file.js'
import type { System } from '../system/system.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'

/** LBackup's own lock. `stale`: LBackup is gone, and refuses every later run until the file is removed by hand. */
export type BackupLock =
  | { readonly state: 'free' }
  | { readonly state: 'running'; readonly file: RawPath; readonly pid: number }
  | { readonly state: 'stale'; readonly file: RawPath; readonly why: string }

/** Given the machine and LBackup's configuration folder, return the state of its lock. Throws OperationalError. */
export async function backupLock(system: System, configurationFolder: RawPath): Promise<BackupLock> {
  const file = join(configurationFolder, 'backup_in_progress.lock')
  const found = readFileIfPresent(file, 64 * 1024)
  if (found === undefined) return { state: 'free' }
  const pid = lockPid(found.bytes.toString('latin1'))
  if (pid === undefined) return { state: 'stale', file, why: 'names no process' }
  const process = await findProcess(system, pid)
  if (process === undefined || process.zombie) {
    return { state: 'stale', file, why: `names process ${String(pid)}, which no longer runs` }
  }
  if (isLBackup(process)) return { state: 'running', file, pid }
  const program = printable((process.argv[0] ?? 'another program') as RawPath)
  return { state: 'stale', file, why: `names process ${String(pid)}, which is now ${program}` }
}

/** Given the machine and the configuration folder, throw where a backup of it runs; `cannot` says what must wait. */
export async function refuseWhileRunning(system: System, folder: RawPath, cannot: string): Promise<void> {
  const lock = await backupLock(system, folder)
  if (lock.state !== 'running') return
  throw new OperationalError(
    'backup-running',
    `LBackup is running (process ${String(lock.pid)}); ${cannot} in the middle of a backup.`,
    'Wait until it is done.',
  )
}

/** A shell, sudo or nice may stand before the program's name. */
const isLBackup = ({ argv }: ProcessEntry): boolean =>
  argv.slice(0, 6).some((word) => ['backup_script.bash', 'lbackup'].includes(word.slice(word.lastIndexOf('/') + 1)))
