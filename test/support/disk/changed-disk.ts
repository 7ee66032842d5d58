import { Buffer } from 'node:buffer'
import type { Disk } from '../../../lib/image/disk.js'

export interface Change {
  readonly offset: number
  readonly bytes: Buffer
}

/** Given a disk and changes, return it with them; the disk itself stays as it is. */
export const changedDisk = (disk: Disk, ...changes: readonly Change[]): Disk => ({
  size: disk.size,
  read(offset, length) {
    const bytes = Buffer.from(disk.read(offset, length))
    for (const change of changes) {
      const [from, to] = [
        Math.max(offset, change.offset),
        Math.min(offset + bytes.length, change.offset + change.bytes.length),
      ]
      if (from < to) change.bytes.copy(bytes, from - offset, from - change.offset, to - change.offset)
    }
    return bytes
  },
})

/** Given a disk and others that belong into it, at the offsets said and not over each other, return it with them. */
export const filledDisk = (disk: Disk, ...parts: readonly { offset: number; disk: Disk }[]): Disk => ({
  size: disk.size,
  read(offset, length) {
    const bytes = Buffer.from(disk.read(offset, length))
    for (const part of parts) {
      const [from, to] = [Math.max(offset, part.offset), Math.min(offset + bytes.length, part.offset + part.disk.size)]
      if (from < to) part.disk.read(from - part.offset, to - from).copy(bytes, from - offset)
    }
    return bytes
  },
})

/** Given a disk and an offset, return the disk with every bit of that byte turned over. */
export const flipped = (disk: Disk, offset: number): Disk =>
  changedDisk(disk, { offset, bytes: Buffer.from([(disk.read(offset, 1)[0] as number) ^ 0xff]) })

/** Given a disk and offsets with the numbers to be there, return it with them: big-endian or little-endian, 2, 4 or 8 bytes. */
export const withNumbers = (
  disk: Disk,
  endian: 'BE' | 'LE',
  ...numbers: readonly [offset: number, size: 1 | 2 | 4 | 8, value: number][]
): Disk =>
  changedDisk(
    disk,
    ...numbers.map(([offset, size, value]) => {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt(value)))
      const used = bytes.subarray(8 - size)
      return { offset, bytes: endian === 'BE' ? used : used.reverse() }
    }),
  )

/** Given a disk, return it as long as said; what is new is zeros. */
export const resized = (disk: Disk, size: number): Disk => ({
  size,
  read(offset, length) {
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset)))
    if (offset < disk.size) disk.read(offset, Math.min(bytes.length, disk.size - offset)).copy(bytes)
    return bytes
  },
})

/** Given a disk, return it and a count of the bytes that were read of it. */
export function countedDisk(disk: Disk): { disk: Disk; bytesRead: () => number } {
  let total = 0
  return {
    disk: {
      size: disk.size,
      read(offset, length) {
        const bytes = disk.read(offset, length)
        total += bytes.length
        return bytes
      },
    },
    bytesRead: () => total,
  }
}
