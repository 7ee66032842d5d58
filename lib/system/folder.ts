import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  opendirSync,
  readlinkSync,
  readSync,
  readdirSync,
  type Dirent,
  type Stats,
} from 'node:fs'
import { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { join, toBytes, type RawPath } from '../text/raw-path.js'
import { fileSystemError } from './file-system-error.js'

/**
 * A folder held by its descriptor. Root walks in folders that users may rename, delete or swap for links at any moment;
 * a name reached through the descriptor stays in the folder that was opened. Close it.
 */
export interface Folder {
  readonly path: RawPath
  readonly descriptor: number
  readonly stats: Stats
}

/** What an entry of a folder is, as the folder itself tells; `unknown` where the file system does not say. */
export type EntryType = 'file' | 'folder' | 'link' | 'other' | 'unknown'

/** An entry as the folder lists it. Its `name` is bytes, see RawPath. */
export type Entry = Dirent

const linux = process.platform === 'linux'
// Not in Node's constants. Darwin's O_NOFOLLOW_ANY refuses a link anywhere in the path (assumed: never run on a Mac).
const noFollowAny = process.platform === 'darwin' ? 0x20000000 : 0
const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | noFollowAny
// In bytes, as the folder's own stat tells: tens of thousands of names.
const largeFolder = 1024 * 1024
const fileFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | noFollowAny

// Of this process, as /proc itself counts them; the number saves the kernel a link at each of very many calls.
const descriptors = linux ? `/proc/${processNumber()}/fd/` : ''

/** The path by which `name` in the folder is reached, for `node:fs` calls; never follows a link on the way. */
export function reach(folder: Folder, name: RawPath | string): string | Buffer {
  const path = linux ? `${descriptors}${String(folder.descriptor)}/${name}` : join(folder.path, name)
  return isAscii(path) ? path : toBytes(path as RawPath)
}

/** Given an absolute path, open that folder component by component, following no link. Throws OperationalError. */
export function openFolder(path: RawPath): Folder {
  if (!linux) return held(path, openOrThrow(path, path))
  let folder = held('/' as RawPath, openOrThrow('/', '/' as RawPath))
  requireProc(folder)
  for (const name of path.split('/').filter((part) => part !== '' && part !== '.')) {
    try {
      const next = openFolderIn(folder, name as RawPath)
      closeFolder(folder)
      folder = next
    } catch (error) {
      closeFolder(folder)
      throw error
    }
  }
  return { ...folder, path }
}

/** Given an open folder and a name in it, open that folder; a link or a file in its place is an OperationalError. */
export function openFolderIn(folder: Folder, name: RawPath): Folder {
  const path = join(folder.path, name)
  return held(path, openOrThrow(reach(folder, name), path))
}

export function closeFolder(folder: Folder): void {
  closeSync(folder.descriptor)
}

/** Given a folder's path, open it, hand it to `use`, and close it whatever happens. */
export function withFolder<Result>(path: RawPath, use: (folder: Folder) => Result): Result {
  const folder = openFolder(path)
  try {
    return use(folder)
  } finally {
    closeFolder(folder)
  }
}

/** Given an open folder, return its names as bytes, unsorted. */
export function names(folder: Folder): RawPath[] {
  try {
    return confirmed(folder, readdirSync(reach(folder, '.'), { encoding: 'latin1' }) as RawPath[])
  } catch (error) {
    throw fileSystemError(error, folder.path)
  }
}

/** Given an open folder, return its entries with their types, unsorted. */
export function entries(folder: Folder): Entry[] {
  try {
    return confirmed(folder, readdirSync(reach(folder, '.'), { encoding: 'latin1', withFileTypes: true }))
  } catch (error) {
    throw fileSystemError(error, folder.path)
  }
}

/** As `entries`, piece by piece: whoever fills a folder fills no memory. */
export function* eachEntry(folder: Folder): Generator<Entry> {
  const step = <Result>(action: () => Result): Result => {
    try {
      return action()
    } catch (error) {
      throw fileSystemError(error, folder.path)
    }
  }
  const stream = step(() => opendirSync(reach(folder, '.'), { encoding: 'latin1', bufferSize: 1024 }))
  try {
    for (;;) {
      const entry = step(() => stream.readSync())
      if (entry === null) break
      yield entry
    }
  } finally {
    stream.closeSync()
  }
  confirmed(folder, undefined)
}

/**
 * Given an open folder and a number, return at most that many of its entries, unsorted, and whether these are
 * all. A folder so large that its names alone might fill the memory is read piece by piece.
 */
export function entriesUpTo(folder: Folder, limit: number): { entries: Entry[]; complete: boolean } {
  if (folder.stats.size <= largeFolder) {
    const all = entries(folder)
    return all.length <= limit ? { entries: all, complete: true } : { entries: all.slice(0, limit), complete: false }
  }
  const some: Entry[] = []
  for (const entry of eachEntry(folder)) {
    if (some.length >= limit) return { entries: confirmed(folder, some), complete: false }
    some.push(entry)
  }
  return { entries: some, complete: true }
}

/** Given an open folder and a name in it, return its lstat, or undefined where there is nothing of that name. */
export function look(folder: Folder, name: RawPath): Stats | undefined {
  try {
    return lstatSync(reach(folder, name), { throwIfNoEntry: false })
  } catch (error) {
    throw fileSystemError(error, join(folder.path, name))
  }
}

/** Given an open folder and the name of a symbolic link in it, return where it points, as bytes; undefined: it is none. */
export function linkTarget(folder: Folder, name: RawPath): RawPath | undefined {
  try {
    return readlinkSync(reach(folder, name), { encoding: 'latin1' }) as RawPath
  } catch (error) {
    if (['EINVAL', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw fileSystemError(error, join(folder.path, name))
  }
}

/** Given an open folder and the name of a regular file in it, open it for reading; anything else is refused. */
export function openFileIn(folder: Folder, name: RawPath): { descriptor: number; stats: Stats } {
  const path = join(folder.path, name)
  let descriptor: number
  try {
    // O_NONBLOCK: opening a FIFO must not wait for a writer.
    descriptor = openSync(reach(folder, name), fileFlags)
  } catch (error) {
    throw fileSystemError(error, path)
  }
  const stats = statsOf(descriptor, path)
  if (stats.isFile()) return { descriptor, stats }
  closeSync(descriptor)
  throw fileSystemError(Object.assign(new Error('not a regular file'), { code: 'ENOTFILE' }), path)
}

/** Given an open folder, the name of a regular file and a range in bytes, return what the file holds there. */
export function readFileIn(folder: Folder, name: RawPath, offset: number, length: number): Buffer {
  const { descriptor, stats } = openFileIn(folder, name)
  try {
    return readRange(descriptor, offset, Math.max(0, Math.min(length, stats.size - offset)))
  } catch (error) {
    throw fileSystemError(error, join(folder.path, name))
  } finally {
    closeSync(descriptor)
  }
}

/** Given an open file and a range in bytes, return what is there; shorter where the file ends first. */
export function readRange(descriptor: number, offset: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const got = readSync(descriptor, buffer, filled, length - filled, offset + filled)
    if (got === 0) break
    filled += got
  }
  return buffer.subarray(0, filled)
}

function processNumber(): string {
  try {
    return readlinkSync('/proc/self')
  } catch {
    return 'self'
  }
}

let procChecked = false

/** Without /proc (a bare chroot) nothing could be reached through a descriptor, and every file would look missing. */
function requireProc(root: Folder): void {
  if (procChecked) return
  const reached = lstatSync(reach(root, '.'), { throwIfNoEntry: false })
  if (reached === undefined || reached.ino !== root.stats.ino || reached.dev !== root.stats.dev) {
    closeFolder(root)
    throw new OperationalError(
      'proc-missing',
      '/proc is not mounted, or not the one of this machine; without it no folder can be walked safely.',
      'Mount it: mount -t proc proc /proc',
    )
  }
  procChecked = true
}

/** Where names are read by path, they count only if the path still is the folder that is held. */
function confirmed<Names>(folder: Folder, read: Names): Names {
  if (linux) return read
  const now = lstatSync(reach(folder, ''), { throwIfNoEntry: false })
  if (now?.ino === folder.stats.ino && now.dev === folder.stats.dev) return read
  throw fileSystemError(Object.assign(new Error('another folder'), { code: 'ENOTDIR' }), folder.path)
}

function held(path: RawPath, descriptor: number): Folder {
  return { path, descriptor, stats: statsOf(descriptor, path) }
}

/** Of a file just opened; where the disk does not tell them, it is closed again. */
function statsOf(descriptor: number, path: RawPath): Stats {
  try {
    return fstatSync(descriptor)
  } catch (error) {
    closeSync(descriptor)
    throw fileSystemError(error, path)
  }
}

function openOrThrow(reached: string | Buffer, path: RawPath): number {
  try {
    return openSync(reached, folderFlags)
  } catch (error) {
    throw fileSystemError(error, path)
  }
}

// eslint-disable-next-line no-control-regex
const isAscii = (path: string): boolean => /^[\u0000-\u007f]*$/.test(path)
