import { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import type { Disk } from '../image/disk.js'

/** Given a disk, return the part of it from `offset` on as a disk of its own, as long as `length` bytes or as there are. */
export function areaOf(disk: Disk, offset: number, length: number): Disk {
  const size = Math.max(0, Math.min(length, disk.size - offset))
  return {
    size,
    read: (at, wanted) => (at >= size ? Buffer.alloc(0) : disk.read(offset + at, Math.min(wanted, size - at))),
  }
}

/** Given a disk and how many bytes may be read of it, return it with that limit, and how many were read so far. */
export function metered(disk: Disk, most: number): { disk: Disk; bytesRead: () => number } {
  let total = 0
  const read = (offset: number, length: number): Buffer => {
    total += length
    if (total > most) throw new OperationalError('read-limit', 'it would take too much reading', 'Check it on a Mac.')
    return disk.read(offset, length)
  }
  return { disk: { size: disk.size, read }, bytesRead: () => Math.min(total, most) }
}

/**
 * Given a disk, an offset that may be any number, and a length in bytes, return exactly that many bytes; what lies
 * outside the disk is zeros. Throws OperationalError where the disk cannot be read.
 */
export function bytesAt(disk: Disk, offset: number, length: number): Buffer {
  if (!(offset >= 0 && offset < disk.size)) return Buffer.alloc(length)
  const bytes = disk.read(offset, Math.min(length, disk.size - offset))
  return bytes.length === length ? bytes : Buffer.concat([bytes, Buffer.alloc(length)], length)
}
