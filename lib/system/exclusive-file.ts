import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { join, parent, toBytes, type RawPath } from '../text/raw-path.js'
import { fileSystemError, systemCode } from './file-system-error.js'

/**
 * Given a path and a short text, make that file whole and return true, or return false where something of that name
 * stands. A hard link gives the name only to a finished, synced file, so nobody ever reads half of it.
 */
export function createExclusively(path: RawPath, text: string): boolean {
  const temporary = join(parent(path), `.${String(process.pid)}.${randomBytes(6).toString('hex')}.new`)
  try {
    writeSynced(temporary, Buffer.from(text))
    linkSync(toBytes(temporary), toBytes(path))
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw fileSystemError(error, path)
  } finally {
    removeQuietly(temporary)
  }
}

/** Given a path, make that one folder, mode 0700; false where something of that name stands. The parent must stand. */
export function createFolderExclusively(path: RawPath, mode = 0o700): boolean {
  try {
    mkdirSync(toBytes(path), { mode })
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw fileSystemError(error, path)
  }
}

/** Given a path, remove that folder if nothing lies in it; true: it is gone now. */
export function removeEmptyFolder(path: RawPath): boolean {
  try {
    rmdirSync(toBytes(path))
    return true
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (code === 'ENOENT') return true
    if (['ENOTEMPTY', 'EEXIST', 'EBUSY'].includes(code)) return false
    throw fileSystemError(error, path)
  }
}

/** Given a folder of our own, return the names in it. For users' folders: folder.ts. */
export function namesIn(path: RawPath): RawPath[] {
  try {
    return readdirSync(toBytes(path), { encoding: 'latin1' }) as RawPath[]
  } catch (error) {
    throw fileSystemError(error, path)
  }
}

function writeSynced(path: RawPath, bytes: Buffer): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  const descriptor = openSync(toBytes(path), flags, 0o600)
  try {
    // A disk that is nearly full takes a part, and says that it is full at the next write.
    for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** One that stays is found by its name and removed by the next run. */
function removeQuietly(path: RawPath): void {
  try {
    unlinkSync(toBytes(path))
  } catch {
    // Never made, or a failing disk: what is thrown already says so.
  }
}
