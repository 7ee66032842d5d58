import { closeSync, readSync } from 'node:fs'
import type { Buffer } from 'node:buffer'
import { createHash, type Hash } from 'node:crypto'
import { join, type RawPath } from '../text/raw-path.js'
import { fileSystemError } from './file-system-error.js'
import { openFileIn, type Folder } from './folder.js'

/** Bytes read at a time. */
export const pieceBytes = 8 * 1024 * 1024

/**
 * Given a held folder, a regular file's name and a buffer to read into, put the sha256 of its bytes into `digest` at
 * `at` and return how many there were; no more are read than the file had when it was opened. Throws OperationalError.
 */
export function hashFileIn(folder: Folder, name: RawPath, buffer: Buffer, digest: Uint8Array, at: number): number {
  const hash = createHash('sha256')
  const bytes = readInPieces(folder, name, buffer, hash)
  digest.set(hash.digest(), at)
  return bytes
}

function readInPieces(folder: Folder, name: RawPath, buffer: Buffer, hash: Hash): number {
  const { descriptor, stats } = openFileIn(folder, name)
  try {
    let total = 0
    while (total < stats.size) {
      const got = readSync(descriptor, buffer, 0, Math.min(buffer.length, stats.size - total), total)
      if (got === 0) break
      hash.update(buffer.subarray(0, got))
      total += got
    }
    return total
  } catch (error) {
    throw fileSystemError(error, join(folder.path, name))
  } finally {
    closeSync(descriptor)
  }
}
