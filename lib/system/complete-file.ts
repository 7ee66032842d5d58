import type { Buffer } from 'node:buffer'
import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync, type Stats } from 'node:fs'
import { join, type RawPath } from '../text/raw-path.js'
import { finishFile, pieceBytes } from './copy-file.js'
import { fileSystemError, systemCode } from './file-system-error.js'
import { createFileIn, unlinkIn } from './folder-writes.js'
import { openFileIn, reach, readRange, type Folder } from './folder.js'

/**
 * As `copyFileIn`, but a file of the new name that is ours, or the original's owner's, and has no second name is completed:
 * pieces that it holds already are not written again. Each piece of the original goes to `piece`. Returns the bytes that
 * were there. Throws OperationalError; what was written stays.
 */
export function completeFileIn(
  from: Folder,
  name: RawPath,
  to: Folder,
  newName: RawPath,
  piece: (bytes: Buffer) => void,
): number {
  const { descriptor: source, stats } = openFileIn(from, name)
  try {
    const target = openOwn(to, newName, stats) ?? createFileIn(to, newName)
    try {
      const path = join(to.path, newName)
      const there = attempt(path, () => fstatSync(target).size)
      let [at, kept] = [0, 0]
      while (at < stats.size) {
        const start = at
        const length = Math.min(pieceBytes, stats.size - at)
        const bytes = attempt(join(from.path, name), () => readRange(source, start, length))
        if (bytes.length === 0) break
        piece(bytes)
        attempt(path, () => {
          if (start + bytes.length <= there && readRange(target, start, bytes.length).equals(bytes))
            kept += bytes.length
          else writeAt(target, bytes, start)
        })
        at += bytes.length
      }
      attempt(path, () => ftruncateSync(target, at))
      finishFile(target, stats, path)
      return kept
    } finally {
      closeSync(target)
    }
  } finally {
    closeSync(source)
  }
}

/** Undefined where there is none; what is somebody else's, or has another name too, goes away. */
function openOwn(folder: Folder, name: RawPath, { uid }: Stats): number | undefined {
  const flags = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK
  let descriptor: number
  try {
    descriptor = openSync(reach(folder, name), flags)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') unlinkIn(folder, name)
    return undefined
  }
  const found = fstatSync(descriptor)
  if (found.isFile() && found.nlink === 1 && [process.getuid?.(), uid].includes(found.uid)) return descriptor
  closeSync(descriptor)
  unlinkIn(folder, name)
  return undefined
}

function writeAt(descriptor: number, bytes: Buffer, at: number): void {
  for (let written = 0; written < bytes.length;) {
    written += writeSync(descriptor, bytes, written, bytes.length - written, at + written)
  }
}

function attempt<Result>(path: RawPath, action: () => Result): Result {
  try {
    return action()
  } catch (error) {
    throw fileSystemError(error, path)
  }
}
