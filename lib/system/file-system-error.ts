import { constants } from 'node:os'
import { OperationalError } from '../finding/operational-error.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'

const meanings: Readonly<Record<string, readonly [code: string, what: string, cure: string]>> = {
  ENOENT: ['file-missing', 'is not there', 'Check the path.'],
  ENOTDIR: ['not-a-folder', 'is not a folder, or a link stands where a folder is expected', 'Look at what lies there.'],
  ELOOP: ['link-refused', 'is a symbolic link, which is never followed here', 'Name the real path instead.'],
  EACCES: ['unreadable', 'may not be opened', 'Run as root, or correct the permissions.'],
  EPERM: ['unreadable', 'may not be opened', 'On macOS, give Full Disk Access to the program that runs LBackup.'],
  ENOSPC: ['disk-full', 'cannot be written: the disk is full', 'Free some space.'],
  EDQUOT: ['disk-full', 'cannot be written: the quota is used up', 'Free some space.'],
  EROFS: ['read-only', 'cannot be written: the disk is mounted read-only', 'Mount it for writing.'],
  EIO: ['disk-error', 'cannot be read or written: the disk reports an error', 'Check the disk.'],
  ESTALE: ['disk-error', 'cannot be read: the network volume lost it', 'Mount the volume again.'],
  ENOTFILE: ['not-a-file', 'is not a regular file', 'Look at what lies there.'],
  EMFILE: ['too-many-files', 'cannot be opened: too many files are open', 'Raise the limit on open files (ulimit -n).'],
  ENAMETOOLONG: ['name-too-long', 'has a name that is too long', 'Shorten the name.'],
}

/** Given an error of `node:fs` and the path it concerns, return it as an OperationalError in plain words. */
export function fileSystemError(error: unknown, path: RawPath): unknown {
  if (error instanceof OperationalError) return error
  const system = systemCode(error)
  if (system === undefined) return error
  const [code, what, cure] = meanings[system] ?? [
    'file-error',
    `cannot be used (${system})`,
    'Look at the disk and the permissions.',
  ]
  return new OperationalError(code, `${printable(path)} ${what}.`, cure, { cause: error })
}

/** Given anything caught, return the system's word for it (ENOENT …), also through an OperationalError's cause. */
export function systemCode(error: unknown): string | undefined {
  const { code, errno, cause } = (error ?? {}) as { code?: unknown; errno?: unknown; cause?: unknown }
  if (error instanceof OperationalError) return cause === undefined ? undefined : systemCode(cause)
  return typeof code === 'string' ? named(code, errno) : undefined
}

const trouble = new Set(['EIO', 'ESTALE', 'EMFILE', 'ENFILE', 'ENOMEM', 'ETIMEDOUT', 'ENOTCONN', 'ENODEV'])

/**
 * Given anything caught, tell whether it is of the disk's or the system's making, and of nobody who wrote there: what could
 * not be seen may be as it always was.
 */
export const isTrouble = (error: unknown): boolean => trouble.has(systemCode(error) ?? '')

/** Node has no name for some errors of the system (ESTALE, EDQUOT), and gives their numbers. */
function named(code: string, errno: unknown): string {
  if (typeof errno !== 'number' || !/^unknown\b/i.test(code)) return code
  return Object.entries(constants.errno).find(([, number]) => number === -errno)?.[0] ?? code
}
