import { closeSync, readSync } from 'node:fs'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { join, type RawPath } from '../text/raw-path.js'
import { fileSystemError } from './file-system-error.js'
import { openFileIn, type Folder } from './folder.js'

const chunkBytes = 1024 * 1024
const newline = 10

/** One line: the bytes from `at` to `end`, without its newline. Valid until the next line is read. */
export interface FileLine {
  bytes: Buffer
  at: number
  end: number
}

/**
 * Given a held folder and the name of a text file in it, hand its lines to `use` and return the sha256 (hex) of all its
 * bytes. Undefined as soon as `use` returns false, a line is longer than `longest` bytes, the file is longer than
 * `mostBytes`, or its last line does not end. The file is read once, in pieces. Throws OperationalError.
 */
export function readLines(
  folder: Folder,
  name: RawPath,
  { longest, mostBytes }: { longest: number; mostBytes: number },
  use: (line: FileLine) => boolean,
): string | undefined {
  const { descriptor, stats } = openFileIn(folder, name)
  try {
    if (stats.size > mostBytes) return undefined
    const hash = createHash('sha256')
    const bytes = Buffer.allocUnsafe(chunkBytes + longest + 1)
    const line: FileLine = { bytes, at: 0, end: 0 }
    let filled = 0
    let total = 0
    for (;;) {
      const got = readPiece(descriptor, bytes, filled, join(folder.path, name))
      if (got === 0) return filled === 0 ? hash.digest('hex') : undefined
      total += got
      if (total > mostBytes) return undefined
      hash.update(bytes.subarray(filled, filled + got))
      const end = filled + got
      let at = 0
      for (;;) {
        const stop = bytes.indexOf(newline, at)
        if (stop < 0 || stop >= end) break
        line.at = at
        line.end = stop
        if (!use(line)) return undefined
        at = stop + 1
      }
      filled = end - at
      if (filled > longest) return undefined
      bytes.copy(bytes, 0, at, end)
    }
  } finally {
    closeSync(descriptor)
  }
}

function readPiece(descriptor: number, bytes: Buffer, filled: number, path: RawPath): number {
  try {
    return readSync(descriptor, bytes, filled, Math.min(chunkBytes, bytes.length - filled), null)
  } catch (error) {
    throw fileSystemError(error, path)
  }
}
