import { closeSync, readSync, type Stats } from 'node:fs'
import type { Buffer } from 'node:buffer'
import { join, type RawPath } from '../text/raw-path.js'
import { fileSystemError } from './file-system-error.js'
import { openFileIn, type Folder } from './folder.js'

/** A regular file held open. Close it. */
export interface HeldFile {
  readonly stats: Stats
  /** Fills the buffer with the bytes from an offset on; returns that part of it that the file could fill. Throws OperationalError. */
  readonly read: (buffer: Buffer, offset: number) => Buffer
  readonly close: () => void
}

/** Given a held folder and the name of a regular file in it, open that for reading. Throws OperationalError. */
export function holdFile(folder: Folder, name: RawPath): HeldFile {
  const { descriptor, stats } = openFileIn(folder, name)
  const path = join(folder.path, name)
  return {
    stats,
    read(buffer, offset) {
      let filled = 0
      try {
        while (filled < buffer.length) {
          const got = readSync(descriptor, buffer, filled, buffer.length - filled, offset + filled)
          if (got === 0) break
          filled += got
        }
      } catch (error) {
        throw fileSystemError(error, path)
      }
      return buffer.subarray(0, filled)
    },
    close: () => closeSync(descriptor),
  }
}
