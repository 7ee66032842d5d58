import type { DataKey } from '../image/block-cipher.js'
import type { Image } from '../image/image.js'
import type { DiskOutput } from '../system/disk-output.js'
import type { Range } from './pieces.js'
import { readPieces } from './read-pieces.js'

/** What came of an export, in bytes. */
export interface Exported {
  readonly bytes: number
  /** Of these, those that lay in a place that was never written. */
  readonly neverWritten: number
}

export interface ExportOptions {
  /** The part of the disk that is wanted; all of it unless given. */
  readonly range?: Range
  /** Hears after each piece how many bytes are done. */
  readonly progress?: (done: number) => void
}

/**
 * Given an image, its keys where it is encrypted (`unlockImage`), and an output, write the disk inside, decrypted, to the
 * output. Where it fails, what was made of the output is taken away. Rejects with OperationalError, as `openDisk` does,
 * or of the output: `output-exists`, `disk-full`, `output-closed`.
 */
export async function exportDisk(
  image: Pick<Image, 'path' | 'container'>,
  key: DataKey | undefined,
  output: DiskOutput,
  { range, progress }: ExportOptions = {},
): Promise<Exported> {
  let [bytes, neverWritten] = [0, 0]
  try {
    for await (const piece of readPieces(image, key, range)) {
      const offset = bytes
      const writing = piece.bytes === undefined ? output.hole(piece.length, offset) : output.write(piece.bytes, offset)
      if (writing !== undefined) await writing
      bytes += piece.length
      if (piece.bytes === undefined) neverWritten += piece.length
      progress?.(bytes)
    }
    output.finish(bytes)
  } catch (error) {
    output.abandon()
    throw error
  }
  return { bytes, neverWritten }
}
