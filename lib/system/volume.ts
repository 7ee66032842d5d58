import { fchmodSync, statfsSync } from 'node:fs'
import { toBytes, type RawPath } from '../text/raw-path.js'
import { fileSystemError } from './file-system-error.js'
import { reach, type Folder } from './folder.js'

/** A volume as a folder on it tells: its type as statfs(2) numbers it, and its room in bytes for those who are not root. */
export interface Volume {
  readonly type: number
  readonly free: number
  readonly total: number
}

/** Given a held folder, return the volume it lies on. Throws OperationalError. */
export function volumeOf(folder: Folder): Volume {
  try {
    const { type, bavail, blocks, bsize } = statfsSync(reach(folder, '.'))
    return { type, free: bavail * bsize, total: blocks * bsize }
  } catch (error) {
    throw fileSystemError(error, folder.path)
  }
}

/** As statfs(2) numbers file systems (Linux magic.h). */
export const btrfs = 0x9123683e

/** Given a held folder of our own, let nobody but its owner enter it. */
export function closeToOthers(folder: Folder): void {
  try {
    fchmodSync(folder.descriptor, 0o700)
  } catch (error) {
    throw fileSystemError(error, folder.path)
  }
}

/**
 * Given a held folder and perhaps a name in it, return text by which a program that we call reaches it, whatever is
 * renamed meanwhile and however its name is written: through our own descriptor on Linux, elsewhere by path.
 */
export function handedOn(folder: Folder, name?: RawPath): string {
  const below = name === undefined ? '' : `/${toBytes(name).toString('utf8')}`
  if (process.platform !== 'linux') return `${toBytes(folder.path).toString('utf8')}${below}`
  return `/proc/${String(process.pid)}/fd/${String(folder.descriptor)}${below}`
}

/** Given a path, return it as an argument of a program. */
export const handedOnPath = (path: RawPath): string => toBytes(path).toString('utf8')
