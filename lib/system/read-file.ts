import { closeSync, readSync } from 'node:fs'
import type { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { join, type RawPath } from '../text/raw-path.js'
import { fileSystemError } from './file-system-error.js'
import { openFileIn, type Folder } from './folder.js'

/** Bytes read at a time. */
export const pieceBytes = 8 * 1024 * 1024

/**
 * Given a held folder, a regular file's name and a buffer to read into, hand the file to `use` piece by piece and return
 * how many bytes it gave; no more are read than it had when it was opened. Throws OperationalError.
 */
export function readFileThrough(
  folder: Folder,
  name: RawPath,
  buffer: Buffer,
  use: (piece: Buffer) => void = () => undefined,
): number {
  const { descriptor, stats } = openFileIn(folder, name)
  try {
    let total = 0
    while (total < stats.size) {
      const got = readSync(descriptor, buffer, 0, Math.min(buffer.length, stats.size - total), total)
      if (got === 0) break
      use(buffer.subarray(0, got))
      total += got
    }
    return total
  } catch (error) {
    throw fileSystemError(error, join(folder.path, name))
  } finally {
    closeSync(descriptor)
  }
}

/** As `readFileThrough`; puts the sha256 of the file's bytes into `digest` at `at`. */
export function hashFileIn(folder: Folder, name: RawPath, buffer: Buffer, digest: Uint8Array, at: number): number {
  const hash = createHash('sha256')
  const bytes = readFileThrough(folder, name, buffer, (piece) => hash.update(piece))
  digest.set(hash.digest(), at)
  return bytes
}
