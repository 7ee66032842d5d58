import type { Manifest } from '../manifest/manifest-type.js'
import { collectGarbage } from '../system/memory.js'
import { hasSettled, settleMicroseconds } from '../verify/reuse.js'
import { nothingKnown, sourceState, type Known } from './known.js'
import { noteOrigins } from './origin.js'
import { fileNumber, isPair, timesOf, type Pairs } from './pairs.js'
import type { ProveRequest, TrustedCopy } from './proof-type.js'
import { takePieces } from './reuse-pieces.js'
import { isFingerprint, isThatFile } from './same-file.js'
import { standingState, vouching, type Vouching } from './trusted.js'

/**
 * Take over every digest that a trusted manifest proves: of the source where its fingerprint is the recorded one and
 * has settled, of the copy where it is the very file that an older section still holds at the same place. Fills the
 * copy's manifest. One trusted manifest is in memory at a time, and none is read once everything is known.
 */
export function reuse(request: ProveRequest, pairs: Pairs, manifest: Manifest, lookedAt: number): Known {
  const known = nothingKnown(pairs)
  for (const trusted of request.trusted) {
    if (isAllKnown(pairs, known)) break
    take(trusted, request, pairs, known, manifest, lookedAt)
    collectGarbage(pairs.copy.length)
  }
  return known
}

/** Every file is the one whose digest is known, and so is its source: older manifests tell nothing more. */
function isAllKnown(pairs: Pairs, { source }: Known): boolean {
  for (let row = 0; row < source.length; row += 1) {
    if (isPair(pairs, row) && source[row] !== sourceState.asCopy) return false
  }
  return true
}

function take(
  trusted: TrustedCopy,
  { granularity, container }: ProveRequest,
  pairs: Pairs,
  known: Known,
  manifest: Manifest,
  lookedAt: number,
): void {
  const old = trusted.read()
  if (old === undefined) return
  const vouches = vouching(trusted.image, old, pairs)
  const hasStood = (row: number): boolean => {
    return isPair(pairs, row) && hasSettled(timesOf(pairs.source, row), lookedAt, settleMicroseconds(granularity))
  }
  noteOrigins(known.origins, vouches, pairs.copy)
  if (container === 'sparse-image') takePieces(vouches, pairs, known, manifest, hasStood)
  else takeSources(vouches, pairs, known, takeCopies(vouches, pairs, known, manifest), hasStood)
}

/** Returns by row of the copy the row of the manifest that its digest was taken from, or -1. */
function takeCopies({ manifest: old, byCopy, standing }: Vouching, { copy }: Pairs, known: Known, manifest: Manifest) {
  const from = new Int32Array(copy.length).fill(-1)
  for (let row = 0; row < copy.length; row += 1) {
    if (copy.type[row] !== fileNumber || known.copy[row] === 1) continue
    const at = byCopy[row] as number
    if (at < 0 || old.known[at] !== 1 || standing[at] !== standingState.same) continue
    if (!isThatFile(old.copy, at, copy, row)) continue
    old.digests.copy(manifest.digests, row * 32, at * 32, at * 32 + 32)
    manifest.known[row] = 1
    manifest.nanoseconds[row] = old.nanoseconds[at] as number
    known.copy[row] = 1
    known.reused += 1
    from[row] = at
  }
  return from
}

function takeSources(
  { manifest: old, bySource }: Vouching,
  { source, bySource: places }: Pairs,
  known: Known,
  from: Int32Array,
  hasStood: (row: number) => boolean,
): void {
  for (let row = 0; row < source.length; row += 1) {
    if (known.source[row] !== sourceState.unknown || !hasStood(row)) continue
    const at = bySource[row] as number
    if (at < 0 || old.known[at] !== 1 || !isFingerprint(old, at, source, row)) continue
    // The same row's digest on both sides need not be kept twice: of a million bands that is 32 MB.
    const isSame = from[places[row] as number] === at
    if (!isSame) old.digests.copy(known.digests, row * 32, at * 32, at * 32 + 32)
    known.source[row] = isSame ? sourceState.asCopy : sourceState.known
    known.reused += 1
  }
}
