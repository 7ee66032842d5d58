import { closeSync, fsyncSync } from 'node:fs'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { join, type RawPath } from '../text/raw-path.js'
import { fileSystemError } from './file-system-error.js'
import { createFileIn, writeWhole } from './folder-writes.js'
import type { Folder } from './folder.js'

/**
 * Given a held folder, a new name and text in pieces (latin1), write that file, sync it and return the sha256 (hex) of
 * its bytes. Throws OperationalError, also where the name is taken.
 */
export function writePieces(folder: Folder, name: RawPath, pieces: Iterable<string>): string {
  const descriptor = createFileIn(folder, name)
  try {
    const hash = createHash('sha256')
    for (const piece of pieces) {
      const bytes = Buffer.from(piece, 'latin1')
      hash.update(bytes)
      writeWhole(descriptor, bytes)
    }
    fsyncSync(descriptor)
    return hash.digest('hex')
  } catch (error) {
    throw fileSystemError(error, join(folder.path, name))
  } finally {
    closeSync(descriptor)
  }
}
