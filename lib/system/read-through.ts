import { closeSync, readSync } from 'node:fs'
import type { Buffer } from 'node:buffer'
import { join, type RawPath } from '../text/raw-path.js'
import { fileSystemError } from './file-system-error.js'
import { openFileIn, type Folder } from './folder.js'

/**
 * Given a held folder, a regular file's name and a buffer, read the file to its end, keep nothing, and return how many
 * bytes it gave; no more are read than it had when it was opened. Throws OperationalError where the disk refuses one.
 */
export function readThroughIn(folder: Folder, name: RawPath, buffer: Buffer): number {
  const { descriptor, stats } = openFileIn(folder, name)
  try {
    let total = 0
    while (total < stats.size) {
      const got = readSync(descriptor, buffer, 0, Math.min(buffer.length, stats.size - total), total)
      if (got === 0) break
      total += got
    }
    return total
  } catch (error) {
    throw fileSystemError(error, join(folder.path, name))
  } finally {
    closeSync(descriptor)
  }
}
