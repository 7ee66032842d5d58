import { Buffer } from 'node:buffer'
import type { Disk } from '../../lib/image/disk.js'
import { checkDisk } from '../../lib/volume/check-disk.js'

const sector = 512

/** As much of a disk as its check reads and as is not zeros: small enough to be changed thousands of times a second. */
export interface Skeleton {
  readonly size: number
  /** Numbers of sectors, in order; their bytes stand in `bytes` one behind the other. */
  readonly sectors: readonly number[]
  readonly bytes: Buffer
}

/** Given a disk, return what its check reads of it. */
export function skeletonOf(disk: Disk): Skeleton {
  const read = new Set<number>()
  checkDisk({
    size: disk.size,
    read(offset, length) {
      for (let at = Math.floor(offset / sector); at * sector < Math.min(offset + length, disk.size); at += 1)
        read.add(at)
      return disk.read(offset, length)
    },
  })
  const found = [...read]
    .sort((one, other) => one - other)
    .map((at) => ({ at, bytes: Buffer.from(disk.read(at * sector, sector)) }))
    .filter(({ bytes }) => bytes.some((byte) => byte !== 0))
  return { size: disk.size, sectors: found.map(({ at }) => at), bytes: Buffer.concat(found.map(({ bytes }) => bytes)) }
}

/** Given a skeleton's places and other bytes for them, return the disk of these; all else is zeros. */
export function diskOf({ size, sectors }: Pick<Skeleton, 'size' | 'sectors'>, bytes: Buffer): Disk {
  return {
    size,
    read(offset, length) {
      const wanted = Buffer.alloc(Math.max(0, Math.min(length, size - offset)))
      for (let at = firstFrom(sectors, Math.floor(offset / sector)); at < sectors.length; at += 1) {
        const place = (sectors[at] as number) * sector
        if (place >= offset + wanted.length) break
        const stored = bytes.subarray(at * sector, (at + 1) * sector)
        stored.subarray(Math.max(0, offset - place)).copy(wanted, Math.max(0, place - offset))
      }
      return wanted
    },
  }
}

/** Given a skeleton's places and its bytes, return those that stand for an offset of the disk; empty where none do. */
export function placeOf({ sectors }: Pick<Skeleton, 'sectors'>, bytes: Buffer, offset: number, length: number): Buffer {
  const at = sectors.indexOf(offset / sector)
  return at < 0 ? Buffer.alloc(0) : bytes.subarray(at * sector, at * sector + length)
}

function firstFrom(sectors: readonly number[], wanted: number): number {
  let [low, high] = [0, sectors.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sectors[middle] as number) < wanted) low = middle + 1
    else high = middle
  }
  return low
}
