import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
  type Stats,
} from 'node:fs'
import { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { size } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { baseName, fromBytes, join, parent, toBytes, type RawPath } from '../text/raw-path.js'
import { fileSystemError, systemCode } from './file-system-error.js'
import { readRange } from './folder.js'

// Files of the administrator and of our own, in folders that only they may write. For users' folders: folder.ts.

/** Given the path of a regular file, return its bytes and stats; refuses more than `maxBytes`. Follows links. */
export function readFileBounded(path: RawPath, maxBytes: number): { bytes: Buffer; stats: Stats } {
  return attempt(path, () => {
    const descriptor = openSync(toBytes(path), constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stats = fstatSync(descriptor)
      if (!stats.isFile()) throw Object.assign(new Error('not a regular file'), { code: 'ENOTFILE' })
      if (stats.size > maxBytes) throw tooLarge(path, stats.size, maxBytes)
      return { bytes: readRange(descriptor, 0, Math.min(stats.size, maxBytes)), stats }
    } finally {
      closeSync(descriptor)
    }
  })
}

/** As `readFileBounded`, but undefined where there is no such file. */
export function readFileIfPresent(path: RawPath, maxBytes: number): { bytes: Buffer; stats: Stats } | undefined {
  try {
    return readFileBounded(path, maxBytes)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Given a path and its new content, replace the file whole: written beside, synced, renamed over. A reader sees the old
 * or the new content, never a part; so does the next start after a power cut. `like`: keep the owner and mode of these
 * stats (default: ours, mode 0600). `unchangedSince`: refuse where the file is no longer the one that was read.
 */
export function replaceFile(
  path: RawPath,
  content: Buffer | string,
  options: { like?: Stats; unchangedSince?: Stats; mode?: number } = {},
): void {
  const temporary = join(parent(path), `.${baseName(path)}.${String(process.pid)}.new`)
  attempt(path, () => {
    rmSync(toBytes(temporary), { force: true })
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    const descriptor = openSync(toBytes(temporary), flags, options.mode ?? 0o600)
    try {
      try {
        writeWhole(descriptor, Buffer.from(content))
        // The caller's umask may take away what was asked for.
        if (options.mode !== undefined) fchmodSync(descriptor, options.mode)
        if (options.like !== undefined) {
          if (process.getuid?.() === 0) fchownSync(descriptor, options.like.uid, options.like.gid)
          fchmodSync(descriptor, options.like.mode & 0o7777)
        }
        fsyncSync(descriptor)
      } finally {
        closeSync(descriptor)
      }
      if (options.unchangedSince !== undefined) refuseChanged(path, options.unchangedSince)
      renameSync(toBytes(temporary), toBytes(path))
    } catch (error) {
      rmSync(toBytes(temporary), { force: true })
      throw error
    }
    syncFolder(parent(path))
  })
}

/** Given the path of a file, append the text in one write. Refuses links and anything that is no regular file. */
export function appendText(path: RawPath, text: string, options: { sync?: boolean } = {}): void {
  attempt(path, () => {
    const flags =
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
    const descriptor = openSync(toBytes(path), flags, 0o600)
    try {
      if (!fstatSync(descriptor).isFile()) throw Object.assign(new Error('not a regular file'), { code: 'ENOTFILE' })
      writeWhole(descriptor, Buffer.from(text))
      if (options.sync === true) fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  })
}

/** Given a path, return its stats without following a link, or undefined where nothing is there. */
export function lookAt(path: RawPath): Stats | undefined {
  return attempt(path, () => lstatSync(toBytes(path), { throwIfNoEntry: false }))
}

/** Given a path, return it absolute and without links; undefined where nothing is there. */
export function realPath(path: RawPath): RawPath | undefined {
  try {
    return fromBytes(realpathSync.native(toBytes(path), 'buffer'))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileSystemError(error, path)
  }
}

/** Given a path, make that folder and its parents; a folder that stands is left as it is. */
export function makeFolder(path: RawPath, mode = 0o700): void {
  attempt(path, () => mkdirSync(toBytes(path), { recursive: true, mode }))
}

/** Given a path, remove that file; none there is fine. */
export function removeFile(path: RawPath): void {
  try {
    unlinkSync(toBytes(path))
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileSystemError(error, path)
  }
}

/** Given a path, tell whether anything stands there (a dangling link does not). */
export const exists = (path: RawPath): boolean => existsSync(toBytes(path))

function writeWhole(descriptor: number, bytes: Buffer): void {
  let written = 0
  while (written < bytes.length) written += writeSync(descriptor, bytes, written)
}

/** The rename itself lasts through a power cut only once the folder is on the disk. */
function syncFolder(path: RawPath): void {
  const descriptor = openSync(toBytes(path), constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function refuseChanged(path: RawPath, then: Stats): void {
  const now = lstatSync(toBytes(path), { throwIfNoEntry: false })
  if (now !== undefined && now.ino === then.ino && now.size === then.size && now.mtimeMs === then.mtimeMs) return
  throw new OperationalError(
    'file-changed-meanwhile',
    `${printable(path)} was changed by somebody else while it was being rewritten; it was left as it is now.`,
    'Run again when nobody is editing it.',
  )
}

/** Given anything caught, tell whether it says that a file has more bytes than are read. */
export const isTooLarge = (error: unknown): boolean =>
  error instanceof OperationalError && error.code === 'file-too-large'

function tooLarge(path: RawPath, bytes: number, limit: number): OperationalError {
  return new OperationalError(
    'file-too-large',
    `${printable(path)} has ${size(bytes)}; at most ${size(limit)} are read.`,
    'Look at what lies there; it is not what it should be.',
  )
}

function attempt<Result>(path: RawPath, action: () => Result): Result {
  try {
    return action()
  } catch (error) {
    throw fileSystemError(error, path)
  }
}
