import { Buffer } from 'node:buffer'
import { createDecipheriv } from 'node:crypto'
import { startVectors, vectorWords } from './start-vectors.js'

/** The keys of an image's data. Whoever has them opens the image: zero both buffers after use. */
export interface DataKey {
  /** 16 bytes for AES-128, 32 for AES-256. */
  readonly cipherKey: Buffer
  /** 20 bytes. */
  readonly hmacKey: Buffer
  /** Bytes of one cipher block, a multiple of 16. */
  readonly blockSize: number
}

/** Decrypts runs of cipher blocks. */
export interface BlockCipher {
  readonly blockSize: number
  /**
   * Given ciphertext (a multiple of 16 bytes) and the number of its first cipher block, return the clear text. A cipher
   * block that is all zeros was never written and stays zeros.
   */
  decrypt(ciphertext: Buffer, firstBlock: number): Buffer
}

const noWords = new Int32Array(0)
const pageBlocks = 256
// 16 MiB of start vectors: bands of 512 MiB with cipher blocks of 512 bytes.
const mostPages = 4096

/**
 * Given the keys of an image, return its cipher: AES-CBC, each cipher block with a start vector of its own, the first 16
 * bytes of HMAC-SHA1 over the block's number (32 bits, big-endian). A whole run is decrypted by one call, as if it were
 * one chain; the first 16 bytes of each cipher block are put right afterwards. Sources: VileFault vfdecrypt.c, dmgwiz.
 */
export function blockCipher({ cipherKey, hmacKey, blockSize }: DataKey): BlockCipher {
  const algorithm = `aes-${String(cipherKey.length * 8)}-cbc`
  const noVector = Buffer.alloc(vectorWords * 4)
  const vectorOf = startVectors(hmacKey)
  // The same numbers come again in each band of a bundle.
  const pages: (Int32Array | undefined)[] = []

  function vectorsFrom(page: number): Int32Array {
    const vectors = new Int32Array(pageBlocks * vectorWords)
    for (let at = 0; at < pageBlocks; at += 1) vectorOf(page * pageBlocks + at, vectors, at * vectorWords)
    return vectors
  }

  function vectorsOf(page: number): Int32Array {
    if (page >= mostPages) return vectorsFrom(page)
    return (pages[page] ??= vectorsFrom(page))
  }

  return {
    blockSize,
    decrypt(ciphertext, firstBlock) {
      const decipher = createDecipheriv(algorithm, cipherKey, noVector).setAutoPadding(false)
      const clear = aligned(decipher.update(ciphertext))
      const [from, to] = [wordsOf(aligned(ciphertext)), wordsOf(clear)]
      const blockWords = blockSize / 4
      let page = -1
      let vectors: Int32Array = noWords
      for (let [at, block] = [0, firstBlock]; at < from.length; at += blockWords, block += 1) {
        if (from[at] === 0 && isZero(from, at, Math.min(at + blockWords, from.length))) {
          to.fill(0, at, at + blockWords)
          continue
        }
        if (Math.floor(block / pageBlocks) !== page) {
          page = Math.floor(block / pageBlocks)
          vectors = vectorsOf(page)
        }
        const own = (block % pageBlocks) * vectorWords
        for (let word = 0; word < vectorWords; word += 1) {
          const chained = at === 0 ? 0 : (from[at - vectorWords + word] as number)
          to[at + word] = (to[at + word] as number) ^ chained ^ (vectors[own + word] as number)
        }
      }
      return clear
    },
  }
}

function isZero(values: Int32Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (values[at] !== 0) return false
  return true
}

const aligned = (bytes: Buffer): Buffer =>
  bytes.byteOffset % 4 === 0
    ? bytes
    : Buffer.from(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))

const wordsOf = (bytes: Buffer): Int32Array => new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
