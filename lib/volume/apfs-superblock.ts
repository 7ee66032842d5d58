import type { Buffer } from 'node:buffer'
import { isSummed, objectType, transaction, typeOf } from './apfs-object.js'
import { isPowerOfTwo, wideLE } from './fields.js'

/** A container's superblock. Sizes in bytes, places and counts in blocks. */
export interface Superblock {
  readonly transaction: number
  readonly blockSize: number
  readonly blocks: number
  /** The ring of checkpoints: where it lies, how long it is, and which part belongs to this superblock. */
  readonly ring: { readonly at: number; readonly blocks: number; readonly first: number; readonly length: number }
  /** The ring is one piece, as on every container known. */
  readonly inOnePiece: boolean
  readonly map: number
  /** Object numbers of the volumes. */
  readonly volumes: readonly number[]
}

const mostVolumes = 100
const smallestBlock = 4096
const largestBlock = 65_536

export const isSuperblock = (block: Buffer): boolean => block.toString('latin1', 32, 36) === 'NXSB'

/** Given the first bytes of a superblock, return the size of its blocks in bytes; undefined where it is impossible. */
export function blockSizeIn(block: Buffer): number | undefined {
  const size = block.readUInt32LE(36)
  return size >= smallestBlock && size <= largestBlock && isPowerOfTwo(size) ? size : undefined
}

/**
 * Given one whole block and the bytes of its area, return the superblock it holds, or why it holds none, half a
 * sentence. Apple File System Reference, "nx_superblock_t".
 */
export function readSuperblock(block: Buffer, areaSize: number): { superblock: Superblock } | { fault: string } {
  const u32 = (at: number): number => block.readUInt32LE(at)
  if (!isSuperblock(block)) return { fault: 'its signature is missing' }
  if (!isSummed(block)) return { fault: 'its checksum is wrong' }
  if (typeOf(block) !== objectType.superblock) return { fault: 'it is an object of another type' }
  const [blockSize, blocks] = [u32(36), wideLE(block, 40)]
  if (blockSize !== block.length) return { fault: `blocks of ${String(blockSize)} bytes are impossible` }
  if (blocks === 0 || blocks * blockSize > areaSize) return { fault: 'the container ends behind its partition or disk' }
  const [ringBlocks, at, first, length] = [u32(104) & 0x7fffffff, wideLE(block, 112), u32(136), u32(140)]
  if (ringBlocks === 0 || at + ringBlocks > blocks || first >= ringBlocks || length > ringBlocks)
    return { fault: 'its checkpoints lie outside' }
  if (u32(180) > mostVolumes) return { fault: `${String(u32(180))} volumes are impossible` }
  const volumes = Array.from({ length: u32(180) }, (_, index) => wideLE(block, 184 + index * 8))
  return {
    superblock: {
      transaction: transaction(block),
      blockSize,
      blocks,
      ring: { at, blocks: ringBlocks, first, length },
      inOnePiece: u32(104) < 0x80000000,
      map: wideLE(block, 160),
      volumes: volumes.filter((id) => id !== 0),
    },
  }
}
