import type { Buffer } from 'node:buffer'
import { wideLE } from './fields.js'

/** The types of objects that are looked at: Apple File System Reference, "Object Types". */
export const objectType = { superblock: 1, root: 2, node: 3, map: 11, checkpointMap: 12, volume: 13 } as const

const modulus = 0xffffffff
/** So many sums of sums stay exact; a division for each word would take most of the time. */
const wordsAtOnce = 256

/**
 * Given the bytes of an object, tell whether its checksum is right: Fletcher's with 64 bits, over all that follows the
 * checksum. Apple File System Reference, "obj_phys_t".
 */
export function isSummed(object: Buffer): boolean {
  let [low, high] = [0, 0]
  for (let start = 8; start < object.length; start += wordsAtOnce * 4) {
    const end = Math.min(object.length - 3, start + wordsAtOnce * 4)
    for (let at = start; at < end; at += 4) {
      low += object.readUInt32LE(at)
      high += low
    }
    low %= modulus
    high %= modulus
  }
  const first = modulus - ((low + high) % modulus)
  const second = modulus - ((low + first) % modulus)
  return object.readUInt32LE(0) === first && object.readUInt32LE(4) === second
}

export const objectId = (object: Buffer): number => wideLE(object, 8)
export const transaction = (object: Buffer): number => wideLE(object, 16)
export const typeOf = (object: Buffer): number => object.readUInt32LE(24) & 0xffff
