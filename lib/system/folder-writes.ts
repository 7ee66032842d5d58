import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  statfsSync,
  unlinkSync,
  writeSync,
  type Stats,
} from 'node:fs'
import { Buffer } from 'node:buffer'
import { join, toBytes, type RawPath } from '../text/raw-path.js'
import { fileSystemError, systemCode } from './file-system-error.js'
import { openFileIn, openFolderIn, reach, type Folder } from './folder.js'

// All that root writes in folders that users may rename, delete or swap for links: through a folder's descriptor, by a
// name in it, never following a link. Every failure is an OperationalError that names the path.

/** Given a held folder and a name, make that folder and hold it. Throws where something of that name stands. */
export function makeFolderIn(folder: Folder, name: RawPath, mode = 0o700): Folder {
  attempt(folder, name, () => mkdirSync(reach(folder, name), { mode }))
  return openFolderIn(folder, name)
}

/** As `makeFolderIn`, but a folder that stands is held as it is. */
export function makeOrOpenFolderIn(folder: Folder, name: RawPath, mode = 0o700): Folder {
  try {
    mkdirSync(reach(folder, name), { mode })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw fileSystemError(error, join(folder.path, name))
  }
  return openFolderIn(folder, name)
}

/** Give the file `name` a second name. On Linux a link is linked, not followed; on macOS link(2) follows (assumed). */
export function linkIn(from: Folder, name: RawPath, to: Folder, newName: RawPath): void {
  attempt(to, newName, () => linkSync(reach(from, name), reach(to, newName)))
}

/** Move what stands under `name`; a file or an empty folder of the new name is replaced, as rename(2) does. */
export function renameIn(from: Folder, name: RawPath, to: Folder, newName: RawPath): void {
  attempt(to, newName, () => renameSync(reach(from, name), reach(to, newName)))
}

/** Remove the file or link `name`; none there is fine. */
export function unlinkIn(folder: Folder, name: RawPath): void {
  try {
    unlinkSync(reach(folder, name))
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileSystemError(error, join(folder.path, name))
  }
}

/** Remove the folder `name` where it is empty. What is none, is not there or holds anything stays. */
export function removeEmptyIn(folder: Folder, name: RawPath): void {
  try {
    rmdirSync(reach(folder, name))
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '')) return
    throw fileSystemError(error, join(folder.path, name))
  }
}

/** Given a held folder, a new name and content, write that file whole and sync it. Throws where the name is taken. */
export function writeFileIn(folder: Folder, name: RawPath, content: Buffer | string, mode = 0o600): void {
  const descriptor = createFileIn(folder, name, mode)
  attempt(folder, name, () => {
    try {
      writeWhole(descriptor, Buffer.from(content))
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  })
}

/** As `writeFileIn`, but a file of that name is replaced: a reader sees the old or the new one, never a part. */
export function replaceFileIn(folder: Folder, name: RawPath, content: Buffer | string, mode = 0o600): void {
  const temporary = `.${name}.${String(process.pid)}.new` as RawPath
  unlinkIn(folder, temporary)
  try {
    writeFileIn(folder, temporary, content, mode)
    renameIn(folder, temporary, folder, name)
  } catch (error) {
    unlinkIn(folder, temporary)
    throw error
  }
  syncFolderIn(folder)
}

/** Given a held folder and a new name, create that file and return its descriptor. Close it. */
export function createFileIn(folder: Folder, name: RawPath, mode = 0o600): number {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  return attempt(folder, name, () => openSync(reach(folder, name), flags, mode))
}

/** Given an open file and bytes, write them all at its end. A disk that is nearly full takes a part, and then says so. */
export function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written)
}

/**
 * Give a file's bytes a second name that shares no later change with it (a reflink), and return the stats of the file
 * that was cloned; undefined where the file system cannot. Owner, mode and times are ours, see `dressLike`. macOS clones
 * by path only (assumed to follow no link here).
 */
export function cloneIn(from: Folder, name: RawPath, to: Folder, newName: RawPath): Stats | undefined {
  const { descriptor, stats } = openFileIn(from, name)
  try {
    const source = process.platform === 'linux' ? `/proc/self/fd/${String(descriptor)}` : reach(from, name)
    copyFileSync(source, reach(to, newName), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE)
    return stats
  } catch (error) {
    if (!cannotClone.has(systemCode(error) ?? '')) throw fileSystemError(error, join(to.path, newName))
    unlinkIn(to, newName)
    return undefined
  } finally {
    closeSync(descriptor)
  }
}

const cannotClone = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EINVAL', 'ENOSYS', 'ENOTTY', 'EPERM'])

/**
 * Given an open file or folder and the stats of another one, give it their owner, mode and mtime (exact to the
 * microsecond). Not being root, owners stay ours, as those that rsync makes do.
 */
export function dressLike(descriptor: number, like: Pick<Stats, 'uid' | 'gid' | 'mode' | 'atimeMs' | 'mtimeMs'>): void {
  const now = fstatSync(descriptor)
  if (now.uid !== like.uid || now.gid !== like.gid) {
    try {
      fchownSync(descriptor, like.uid, like.gid)
    } catch (error) {
      if (systemCode(error) !== 'EPERM' || process.getuid?.() === 0) throw error
    }
  }
  // After the owner: a change of owner takes the setuid bits away.
  fchmodSync(descriptor, like.mode & 0o7777)
  futimesSync(descriptor, like.atimeMs / 1000, like.mtimeMs / 1000)
}

/** Bytes that may still be written on the folder's volume, and files that may still be made (Infinity: no limit told). */
export function spaceOf(folder: Pick<Folder, 'path'>): { bytes: number; files: number } {
  try {
    const { bavail, bsize, ffree, files } = statfsSync(toBytes(folder.path))
    // btrfs counts no inodes.
    return { bytes: bavail * bsize, files: files === 0 ? Infinity : ffree }
  } catch (error) {
    throw fileSystemError(error, folder.path)
  }
}

/** What was made or renamed in a folder lasts through a power cut only once the folder is on the disk. */
export function syncFolderIn(folder: Folder): void {
  attempt(folder, '' as RawPath, () => {
    fsyncSync(folder.descriptor)
  })
}

/** Tell whether the name in the folder still stands for that very file or folder. */
export const isSame = (one: Pick<Stats, 'dev' | 'ino'>, other: Pick<Stats, 'dev' | 'ino'> | undefined): boolean =>
  other !== undefined && one.ino === other.ino && one.dev === other.dev

function attempt<Result>(folder: Folder, name: RawPath, action: () => Result): Result {
  try {
    return action()
  } catch (error) {
    throw fileSystemError(error, join(folder.path, name))
  }
}
