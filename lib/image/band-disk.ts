import { Buffer } from 'node:buffer'
import type { Disk } from './disk.js'
import type { Stored } from './stored.js'

/** Where the bytes of a band lie: in `stored` from `start` on, up to its end; what is missing there is zeros. */
export interface StoredBand {
  readonly stored: Stored
  readonly start: number
}

/** A disk in bands of one size, in bytes; `band` gives undefined for one that was never written. */
export interface Bands {
  readonly size: number
  readonly bandSize: number
  band(index: number): StoredBand | undefined
  held?(this: void): ArrayLike<number>
}

/** A disk that tells what was never written from zeros. */
export interface BandDisk extends Disk {
  readonly bandSize: number
  /**
   * Fills the buffer with the bytes from an offset on, which must lie before the end. False, and the buffer is left as it
   * was, where no band stores any of it. Throws OperationalError.
   */
  fill(buffer: Buffer, offset: number): boolean
  /** The bands that are stored, in ascending order; undefined where each had to be looked for. */
  readonly held: Bands['held']
}

const mostBytes = 8 * 1024 * 1024

/** Given bands, return their disk. A range that needs several bands is put together from them. */
export function bandDisk(bands: Bands): BandDisk {
  const { size, bandSize } = bands

  function fill(buffer: Buffer, offset: number): boolean {
    let written = false
    for (let at = 0; at < buffer.length;) {
      const index = Math.floor((offset + at) / bandSize)
      const inBand = offset + at - index * bandSize
      const part = buffer.subarray(at, at + Math.min(bandSize - inBand, buffer.length - at))
      const band = bands.band(index)
      const got = band === undefined ? 0 : band.stored.read(part, band.start + inBand)
      if (got > 0 && !written) {
        written = true
        buffer.fill(0, 0, at)
      }
      if (written) part.fill(0, got)
      at += part.length
    }
    return written
  }

  return {
    size,
    bandSize,
    fill,
    held: bands.held,
    read(offset, length) {
      if (!(offset >= 0 && length >= 0 && length <= mostBytes)) {
        throw new RangeError(`no range of a disk: ${String(length)} bytes from ${String(offset)}`)
      }
      const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)))
      return fill(bytes, offset) ? bytes : bytes.fill(0)
    },
  }
}
