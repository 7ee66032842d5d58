import type { Buffer } from 'node:buffer'
import type { MemberTable } from '../image/member-table.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { hasSettled, sameTime, settleMicroseconds } from '../verify/reuse.js'
import { fileNumber, isPair, type Pairs } from './pairs.js'
import type { ProveRequest } from './proof-type.js'
import { sharedDigests } from './shared-digests.js'
import { standingState, type Vouching } from './trusted.js'

/** Digests known without reading, and what is to be known of them later. */
export interface Known {
  /** Of the source, 32 bytes a row. */
  readonly digests: Buffer
  /** By row, see `sourceState`. */
  readonly source: Uint8Array
  /** 1: the copy's digest was taken from a trusted manifest. */
  readonly copy: Uint8Array
  /** How many digests were taken. */
  readonly reused: number
}

/** What is known of a source's digest: nothing, itself, or that it is the copy's. */
export const sourceState = { unknown: 0, known: 1, asCopy: 2 } as const

/**
 * Take over every digest that a trusted manifest proves: of the source where its fingerprint is the recorded one and
 * has settled, of the copy where it is the very file that an older section still holds at the same place. Fills the
 * copy's manifest.
 */
export function reuse(
  { granularity }: ProveRequest,
  pairs: Pairs,
  trusted: readonly Vouching[],
  manifest: Manifest,
  lookedAt: number,
): Known {
  const { source, copy, bySource: places } = pairs
  const settle = settleMicroseconds(granularity)
  const digests = sharedDigests(source.length)
  const [sourceKnown, copyKnown] = [new Uint8Array(source.length), new Uint8Array(copy.length)]
  // By row of the copy: which row of which manifest its digest is from.
  const from = new Int32Array(copy.length).fill(-1)
  const fromManifest = new Uint8Array(copy.length)
  let reused = 0
  for (let row = 0; row < copy.length; row += 1) {
    if (copy.type[row] !== fileNumber) continue
    for (const [number, { manifest: old, byCopy, standing }] of trusted.entries()) {
      const at = byCopy[row] as number
      if (at < 0 || old.known[at] !== 1 || standing[at] !== standingState.same) continue
      if (!isThatFile(old.copy, at, copy, row)) continue
      old.digests.copy(manifest.digests, row * 32, at * 32, at * 32 + 32)
      manifest.known[row] = 1
      manifest.nanoseconds[row] = old.nanoseconds[at] as number
      copyKnown[row] = 1
      from[row] = at
      fromManifest[row] = number
      reused += 1
      break
    }
  }
  for (let row = 0; row < source.length; row += 1) {
    if (!isPair(pairs, row)) continue
    const times = { modified: source.modified[row] as number, changed: source.changed[row] as number }
    if (!hasSettled(times, lookedAt, settle)) continue
    const other = places[row] as number
    for (const [number, { manifest: old, bySource }] of trusted.entries()) {
      const at = bySource[row] as number
      if (at < 0 || old.known[at] !== 1 || !isFingerprint(old, at, source, row)) continue
      // The same row's digest on both sides need not be kept twice: of a million bands that is 32 MB.
      const isSame = from[other] === at && fromManifest[other] === number
      if (!isSame) old.digests.copy(digests, row * 32, at * 32, at * 32 + 32)
      sourceKnown[row] = isSame ? sourceState.asCopy : sourceState.known
      reused += 1
      break
    }
  }
  return { digests, source: sourceKnown, copy: copyKnown, reused }
}

function isFingerprint({ source: old }: Manifest, at: number, table: MemberTable, row: number): boolean {
  return (
    old.usable[at] === 1 &&
    old.inode[at] === table.inode[row] &&
    old.size[at] === table.size[row] &&
    sameTime(old.modified[at] as number, table.modified[row] as number) &&
    sameTime(old.changed[at] as number, table.changed[row] as number)
  )
}

/** Same inode, size and mtime; a ctime says nothing, since making a hard link changes it. */
export function isThatFile(old: MemberTable, at: number, table: MemberTable, row: number): boolean {
  return (
    old.inode[at] === table.inode[row] &&
    old.size[at] === table.size[row] &&
    sameTime(old.modified[at] as number, table.modified[row] as number)
  )
}
