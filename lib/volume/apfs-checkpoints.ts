import type { Buffer } from 'node:buffer'
import type { Disk } from '../image/disk.js'
import { isSummed, objectType, transaction, typeOf } from './apfs-object.js'
import { isSuperblock, readSuperblock, type Superblock } from './apfs-superblock.js'
import { bytesAt } from './area.js'
import { allZero } from '../image/content-sniff.js'

/** What the ring of checkpoints holds. */
export interface Checkpoints {
  /** The newest superblock that is whole; undefined where none is. */
  readonly newest?: Superblock
  /** Blocks of the ring that were written and are not whole. */
  readonly damaged: number
  /** Blocks of the newest checkpoint besides its superblock that are not whole or not its own. */
  readonly broken: number
  /** The ring is longer than what is read of it. */
  readonly cut: boolean
}

const mostRingBytes = 4 * 1024 * 1024

/**
 * Given a container and where its ring of checkpoints lies, return its newest checkpoint: the superblock with the
 * highest transaction among those whose checksum is right, and the maps before it. Apple File System Reference,
 * "Mounting an Apple File System Partition". Throws OperationalError where the area cannot be read.
 */
export function readCheckpoints(
  area: Disk,
  { blockSize, ring: { at, blocks } }: Pick<Superblock, 'blockSize' | 'ring'>,
): Checkpoints {
  const count = Math.min(blocks, mostRingBytes / blockSize)
  const bytes = bytesAt(area, at * blockSize, count * blockSize)
  const ring = Array.from({ length: count }, (_, index) => bytes.subarray(index * blockSize, (index + 1) * blockSize))
  let newest: Superblock | undefined
  let damaged = 0
  for (const block of ring) {
    if (allZero(block)) continue
    if (!isSummed(block)) damaged += 1
    if (!isSuperblock(block)) continue
    const reading = readSuperblock(block, area.size)
    if ('superblock' in reading && reading.superblock.transaction > (newest?.transaction ?? -1))
      newest = reading.superblock
  }
  const maps = newest === undefined ? [] : mapsOf(ring, newest)
  const broken = maps.filter((block) => block !== undefined && !isMapOf(block, newest?.transaction)).length
  return { ...(newest === undefined ? {} : { newest }), damaged, broken, cut: count < blocks }
}

/** The last block of a checkpoint is its superblock. */
const mapsOf = (ring: readonly Buffer[], { ring: { first, length, blocks } }: Superblock): (Buffer | undefined)[] =>
  Array.from({ length: Math.max(0, length - 1) }, (_, index) => ring[(first + index) % blocks])

const isMapOf = (block: Buffer, newest: number | undefined): boolean =>
  typeOf(block) === objectType.checkpointMap && transaction(block) === newest && isSummed(block)
