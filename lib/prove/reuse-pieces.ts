import type { Manifest } from '../manifest/manifest-type.js'
import type { Known } from './known.js'
import { fileNumber, type Pairs } from './pairs.js'
import { isFingerprint, isThatFile } from './same-file.js'
import { standingState, type Vouching } from './trusted.js'

/**
 * As for the members of a bundle, for the pieces of a sparse image: the copy's where it is the very file that the older
 * section still holds, the source's where its fingerprint is the recorded one and has settled. What one trusted manifest
 * knows more of than another counts.
 */
export function takePieces(
  { manifest: old, standing, bySource, byCopy }: Vouching,
  { source, copy }: Pairs,
  known: Known,
  { pieces, digests, known: whole }: Manifest,
  hasStood: (row: number) => boolean,
): void {
  const before = pieces.known + known.pieces.known
  if (byCopy[0] === 0 && copy.type[0] === fileNumber && standing[0] === standingState.same) {
    if (isThatFile(old.copy, 0, copy, 0)) {
      pieces.known = taken(old, old.pieces.known, pieces)
      if (old.known[0] === 1) {
        old.digests.copy(digests, 0, 0, 32)
        whole[0] = 1
      }
    }
  }
  if (bySource[0] === 0 && hasStood(0) && isFingerprint(old, 0, source, 0)) {
    known.pieces.known = taken(old, old.pieces.equal, known.pieces)
  }
  known.reused += pieces.known + known.pieces.known - before
}

/** Copies so many of an older manifest's digests, where that is more than is known already. */
function taken({ pieces: { digests } }: Manifest, count: number, to: Known['pieces']): number {
  const most = Math.min(count, to.digests.length / 32)
  if (most <= to.known) return to.known
  digests.copy(to.digests, 0, 0, most * 32)
  return most
}
