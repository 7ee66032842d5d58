import type { BackupLock } from '../install/backup-lock.js'
import { shellWord } from '../install/shell-word.js'
import type { LockHolder } from '../lbackup/lock.js'
import { printable } from '../text/printable.js'
import { found, type DoctorFinding } from './found.js'

/** Given LBackup's lock and whether LBackup looks at it (`ignore_backup_lock` is not YES), return what it does to the next run. */
export function lockFindings(lock: BackupLock, heeded: boolean): DoctorFinding[] {
  if (lock.state === 'running') {
    const message = `LBackup is running (process ${String(lock.pid)}); what is said here is of this moment.`
    return [found('backup-running', 'info', message, 'Run this again when it is done.')]
  }
  if (lock.state === 'free' || !heeded) return []
  const file = printable(lock.file)
  return [
    found(
      'lbackup-lock-stale',
      'error',
      `LBackup's lock ${file} ${lock.why}; LBackup refuses every run until it is removed, and tells nobody.`,
      `See that no rsync of that backup still runs, then: rm ${shellWord(file)}`,
    ),
  ]
}

/** Given who holds our own lock and whether that process lives, return what is to be said. */
export function ownLockFindings(holder: LockHolder | undefined, alive: boolean): DoctorFinding[] {
  if (holder === undefined || alive) return []
  return [
    found(
      'lock-stale',
      'info',
      `The run that began at ${holder.since} ended without its post-backup hook; its lock is still ours.`,
      'Nothing to do: the next run takes it over and looks at what that one left.',
    ),
  ]
}
