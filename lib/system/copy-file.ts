import { closeSync, fchmodSync, fstatSync, fsyncSync, readSync, type Stats } from 'node:fs'
import { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { fileSystemError } from './file-system-error.js'
import { createFileIn, dressLike, writeWhole } from './folder-writes.js'
import { openFileIn, type Folder } from './folder.js'

export const pieceBytes = 8 * 1024 * 1024

export interface CopyOptions {
  /** Given up when the clock passes it, milliseconds since 1970. */
  readonly deadline?: number
  /** Receives each piece as it is copied, before it is written. */
  readonly piece?: (bytes: Buffer) => void
}

/**
 * Copy the regular file `name` into a new file, in pieces of 8 MiB, with owner, mode and mtime of the original (as rsync
 * stores them), and sync it. Returns the original's stats as it was opened. Throws OperationalError; a part that was
 * written stays, for the caller to remove.
 */
export function copyFileIn(
  from: Folder,
  name: RawPath,
  to: Folder,
  newName: RawPath,
  options: CopyOptions = {},
): Stats {
  const { descriptor: source, stats } = openFileIn(from, name)
  try {
    const target = createFileIn(to, newName)
    try {
      const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(pieceBytes, stats.size)))
      for (let at = 0; at < stats.size;) {
        if (options.deadline !== undefined && Date.now() > options.deadline) throw overdue(from, name)
        const got = read(source, buffer, at, join(from.path, name))
        if (got === 0) break
        const bytes = buffer.subarray(0, Math.min(got, stats.size - at))
        options.piece?.(bytes)
        write(target, bytes, join(to.path, newName))
        at += bytes.length
      }
      finishFile(target, stats, join(to.path, newName))
    } finally {
      closeSync(target)
    }
    return stats
  } finally {
    closeSync(source)
  }
}

function read(descriptor: number, buffer: Buffer, at: number, path: RawPath): number {
  try {
    return readSync(descriptor, buffer, 0, buffer.length, at)
  } catch (error) {
    throw fileSystemError(error, path)
  }
}

function write(descriptor: number, bytes: Buffer, path: RawPath): void {
  try {
    writeWhole(descriptor, bytes)
  } catch (error) {
    throw fileSystemError(error, path)
  }
}

/** Given an open new file and the stats of its original, sync it and give it owner, mode and times. Throws OperationalError. */
export function finishFile(descriptor: number, like: Stats, path: RawPath): void {
  try {
    // Nobody but us may open it before it belongs to whom it should.
    fchmodSync(descriptor, fstatSync(descriptor).mode & 0o700)
    fsyncSync(descriptor)
    dressLike(descriptor, like)
  } catch (error) {
    throw fileSystemError(error, path)
  }
}

const overdue = (folder: Folder, name: RawPath): OperationalError =>
  new OperationalError(
    'copy-overdue',
    `The time was over before ${printable(join(folder.path, name))} was copied.`,
    'It is tried again in the next run; raise verify.minutes where it happens often.',
  )
