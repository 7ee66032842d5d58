import type { Buffer } from 'node:buffer'
import { wideLE } from './fields.js'

/** The types of objects that are looked at: Apple File System Reference, "Object Types". */
export const objectType = { superblock: 1, root: 2, node: 3, map: 11, checkpointMap: 12, volume: 13 } as const

const modulus = 0xffffffff

/**
 * Given the bytes of an object, tell whether its checksum is right: Fletcher's with 64 bits, over all that follows the
 * checksum. Apple File System Reference, "obj_phys_t".
 */
export function isSummed(object: Buffer): boolean {
  let [low, high] = [0, 0]
  for (let at = 8; at + 4 <= object.length; at += 4) {
    low = (low + object.readUInt32LE(at)) % modulus
    high = (high + low) % modulus
  }
  const first = modulus - ((low + high) % modulus)
  const second = modulus - ((low + first) % modulus)
  return object.readUInt32LE(0) === first && object.readUInt32LE(4) === second
}

export const objectId = (object: Buffer): number => wideLE(object, 8)
export const transaction = (object: Buffer): number => wideLE(object, 16)
export const typeOf = (object: Buffer): number => object.readUInt32LE(24) & 0xffff
