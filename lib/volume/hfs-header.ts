import type { Buffer } from 'node:buffer'
import { isPowerOfTwo, wideBE } from './fields.js'

/** Where one file of the file system lies. Length in bytes, extents in allocation blocks. */
export interface Fork {
  readonly length: number
  readonly blocks: number
  /** At most eight. */
  readonly extents: readonly { readonly start: number; readonly count: number }[]
}

/** A volume header. Sizes in bytes, counts in allocation blocks. */
export interface Header {
  readonly signature: 'H+' | 'HX'
  readonly attributes: number
  readonly journalInfoBlock: number
  readonly blockSize: number
  readonly totalBlocks: number
  readonly allocation: Fork
  readonly extents: Fork
  readonly catalog: Fork
  readonly attributesFile: Fork
  readonly startup: Fork
}

/** Given the 512 bytes of a volume header and the bytes of its partition, return it, and each fault as half a sentence. */
export function readHeader(bytes: Buffer, areaSize: number): { header?: Header; faults: string[] } {
  const signature = bytes.toString('latin1', 0, 2)
  const u32 = (at: number): number => bytes.readUInt32BE(at)
  const [version, blockSize, totalBlocks, freeBlocks] = [bytes.readUInt16BE(2), u32(40), u32(44), u32(48)]
  if (signature !== 'H+' && signature !== 'HX') return { faults: ['its signature is missing'] }
  const faults: string[] = []
  if (version !== (signature === 'H+' ? 4 : 5)) faults.push(`its version ${String(version)} is unknown`)
  if (blockSize < 512 || !isPowerOfTwo(blockSize)) return { faults: [...faults, 'its block size is impossible'] }
  if (totalBlocks === 0) return { faults: [...faults, 'the volume has no size'] }
  if (totalBlocks * blockSize > areaSize) faults.push('the volume ends behind its partition or disk')
  if (freeBlocks > totalBlocks) faults.push('more blocks are free than there are')
  if (u32(52) > totalBlocks) faults.push('the next block to be used lies outside')
  if (u32(64) < 16) faults.push('the next catalog number is a reserved one')
  return {
    header: {
      signature,
      attributes: u32(4),
      journalInfoBlock: u32(12),
      blockSize,
      totalBlocks,
      allocation: readFork(bytes, 112),
      extents: readFork(bytes, 192),
      catalog: readFork(bytes, 272),
      attributesFile: readFork(bytes, 352),
      startup: readFork(bytes, 432),
    },
    faults,
  }
}

/** Given a volume header, return what is wrong with the places of the special files, each half a sentence. */
export function forkFaults(header: Header): string[] {
  const { allocation, extents, catalog, attributesFile, startup, totalBlocks, blockSize } = header
  const named = { allocation, extents, catalog, attributes: attributesFile, startup }
  const faults: string[] = []
  if (allocation.length * 8 < totalBlocks) faults.push('the allocation file is too short for the volume')
  if (catalog.blocks === 0) faults.push('there is no catalog')
  if (extents.blocks === 0) faults.push('there is no file of overflowing extents')
  const places: { name: string; start: number; end: number }[] = []
  for (const [name, fork] of Object.entries(named)) {
    const held = fork.extents.reduce((sum, { count }) => sum + count, 0)
    if (fork.length > fork.blocks * blockSize) faults.push(`the ${name} file is longer than its blocks`)
    if (held > fork.blocks || (held < fork.blocks && fork.extents.length < 8))
      faults.push(`the blocks of the ${name} file do not add up`)
    if (fork.extents.some(({ start, count }) => start + count > totalBlocks))
      faults.push(`the ${name} file ends outside the volume`)
    places.push(...fork.extents.map(({ start, count }) => ({ name, start, end: start + count })))
  }
  places.sort((one, other) => one.start - other.start)
  places.forEach(({ name, start }, index) => {
    const before = places[index - 1]
    if (before !== undefined && start < before.end) faults.push(`the ${before.name} and ${name} files share blocks`)
  })
  return faults
}

function readFork(bytes: Buffer, at: number): Fork {
  const extents = [0, 1, 2, 3, 4, 5, 6, 7]
    .map((index) => ({
      start: bytes.readUInt32BE(at + 16 + index * 8),
      count: bytes.readUInt32BE(at + 20 + index * 8),
    }))
    .filter(({ count }) => count > 0)
  return { length: wideBE(bytes, at), blocks: bytes.readUInt32BE(at + 12), extents }
}
