import type { Buffer } from 'node:buffer'
import { join, type RawPath } from '../text/raw-path.js'
import { bandName } from './band-names.js'
import type { FindingList } from './finding-list.js'
import { bitmapLength, blockBytes, mappedLength } from './mapped-bitmap.js'

const cure = 'Take this band from an older copy, or from the source while the image is detached.'

/**
 * Holds what `mapped/` says each band must at least hold, against the bands that are there: the only witness, without a
 * key, of a band that was lost or cut short. Both in ascending order, all bitmaps before the first band.
 */
export function mappedBands(findings: FindingList): {
  /** `room`: bytes of the disk that this band has room for. */
  bitmap(index: number, bytes: Buffer, length: number, bandSize: number, room: number): void
  band(index: number, size: number): void
  /** A band that is there but could not be looked at. */
  skip(index: number | undefined): void
  finish(): void
} {
  const indexes: number[] = []
  const lengths: number[] = []
  let at = 0

  function missing(index: number): void {
    const member = join('bands' as RawPath, bandName(index))
    const message = `Band ${bandName(index)} is missing, although mapped/${bandName(index)} says that it holds data.`
    findings.add('mapped-band-lost', 'error', message, { member, cure, passing: true })
  }

  return {
    bitmap(index, bytes, found, bandSize, room) {
      if (bandSize === 0 || room <= 0) return
      const expected = bitmapLength(bandSize)
      if (found !== expected || bytes.length !== expected) {
        const message = `mapped/${bandName(index)} is ${String(found)} bytes long where ${String(expected)} were expected, so it was not used.`
        findings.add('bitmap-length-unexpected', 'info', message, {
          member: join('mapped' as RawPath, bandName(index)),
        })
        return
      }
      const length = Math.min(room, mappedLength(bytes))
      if (length === 0) return
      indexes.push(index)
      lengths.push(length)
    },
    band(index, size) {
      for (; at < indexes.length && (indexes[at] as number) < index; at += 1) missing(indexes[at] as number)
      if (indexes[at] !== index) return
      const needed = lengths[at] as number
      at += 1
      // A band may end inside its last block: one made on macOS 10.14 ends 512 bytes into it.
      if (Math.ceil(size / blockBytes) * blockBytes >= needed) return
      const message = `Band ${bandName(index)} ends after ${String(size)} bytes, although mapped/${bandName(index)} says that it holds data up to ${String(needed)}.`
      findings.add('mapped-band-short', 'error', message, {
        member: join('bands' as RawPath, bandName(index)),
        cure,
        passing: true,
      })
    },
    skip(index) {
      if (index !== undefined) this.band(index, Infinity)
    },
    finish() {
      for (; at < indexes.length; at += 1) missing(indexes[at] as number)
    },
  }
}
