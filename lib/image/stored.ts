import { Buffer } from 'node:buffer'
import type { BlockCipher } from './block-cipher.js'

/** Bytes as they are stored: those of a band's file, or of a sparse image's. */
export interface Stored {
  /** Fills the buffer with the bytes from an offset on; returns how many of it there were before the end. */
  read(buffer: Buffer, offset: number): number
}

/** Given what is stored and a length in bytes, return its part from `start` on, ended after that length. */
export const section = (stored: Stored, start: number, length: number): Stored => ({
  read(buffer, offset) {
    const room = Math.max(0, Math.min(buffer.length, length - offset))
    return stored.read(buffer.subarray(0, room), start + offset)
  },
})

/**
 * Given what is stored and the cipher of it, return its clear text. Cipher blocks are counted from 0 at its beginning. A
 * file that ends inside 16 bytes of ciphertext ends before them.
 */
export function decrypted(stored: Stored, cipher: BlockCipher): Stored {
  const { blockSize } = cipher
  let scratch = Buffer.alloc(0)
  return {
    read(buffer, offset) {
      const block = Math.floor(offset / blockSize)
      const skipped = offset - block * blockSize
      const length = Math.ceil((skipped + buffer.length) / blockSize) * blockSize
      if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(length)
      const got = stored.read(scratch.subarray(0, length), block * blockSize)
      const whole = got - (got % 16)
      return whole <= skipped ? 0 : cipher.decrypt(scratch.subarray(0, whole), block).copy(buffer, 0, skipped)
    },
  }
}
