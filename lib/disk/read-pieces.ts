import { Buffer } from 'node:buffer'
import type { DataKey } from '../image/block-cipher.js'
import type { Image } from '../image/image.js'
import { openDisk } from './open.js'
import { pieceAt, pieceBytes, pieceCount, type Piece, type Range } from './pieces.js'
import { readInThreads } from './read-in-threads.js'

// Starting a thread takes as long as decrypting this much.
const ownThreadBytes = 64 * 1024 * 1024

/**
 * Given an image, its keys where it is encrypted, and a range of the disk inside (the whole disk unless given), yield that
 * piece by piece, in order. The bytes of a piece are overwritten by the next. Throws OperationalError as `openDisk` does.
 */
export async function* readPieces(
  image: Pick<Image, 'path' | 'container'>,
  key: DataKey | undefined,
  range?: Range,
): AsyncGenerator<Piece, void, void> {
  const disk = openDisk(image, key)
  const buffer = Buffer.allocUnsafeSlow(pieceBytes)
  try {
    const whole = range ?? { offset: 0, length: disk.size }
    if (key !== undefined && whole.length > ownThreadBytes) {
      yield* readInThreads(image, disk.size, key, whole)
      return
    }
    for (let number = 0; number < pieceCount(whole); number += 1) {
      const { offset, length } = pieceAt(whole, number)
      const bytes = buffer.subarray(0, length)
      yield { offset, length, bytes: disk.fill(bytes, offset) ? bytes : undefined }
    }
  } finally {
    disk.close()
    buffer.fill(0)
  }
}
