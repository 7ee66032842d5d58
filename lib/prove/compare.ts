import { memberType } from '../image/member-table.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { hasSettled, settleMicroseconds, writtenAt } from '../verify/reuse.js'
import { wrongKind } from '../verify/wrong-kind.js'
import { comparedPieces } from './compared-pieces.js'
import { sourceState, type Known } from './known.js'
import { originOf } from './origin.js'
import { isPair, isWrittenSince, timesOf, type Pairs } from './pairs.js'
import type { ProveRequest } from './proof-type.js'
import type { Read } from './read-type.js'
import type { EachRow, RowState } from './row-state.js'
import type { SourceLook, SourceSide } from './source-side.js'
import { onlyInCopy, onlyInSource, otherTypes } from './unpaired.js'

/** What was seen of the source, and which rows of it changed while they were read (1). */
export interface Seen extends Read {
  readonly side: SourceSide
  readonly looked: SourceLook
  readonly changed: Uint8Array
}

/**
 * Given all that is known, return a walk over the members that says what each one's copy is. Fills in which of the
 * source's fingerprints prove the same bytes in a later run.
 */
export function compareRows(
  request: ProveRequest,
  pairs: Pairs,
  known: Known,
  manifest: Manifest,
  seen: Seen,
): EachRow {
  const { source, copy, bySource, byCopy } = pairs
  const settle = settleMicroseconds(request.granularity)
  const copied = request.copiedBefore * 1000
  const { changed: changedSince, looked, side, ...read } = seen
  const pieces = request.container === 'sparse-image' ? comparedPieces(pairs, known, manifest) : undefined

  const pairState = (row: number, other: number): RowState => {
    const times = timesOf(source, row)
    const isSteady = changedSince[row] !== 1 && hasSettled(times, looked.lookedAt, settle)
    if (pieces !== undefined && isSteady && pieces.equal > 0 && source.size[row] === copy.size[other]) {
      manifest.pieces.equal = pieces.equal
      vouch(row, other)
    }
    if (read.sourceFailed[row] === 1) return changedSince[row] === 1 ? 'moved-on' : 'source-unreadable'
    if (read.copyFailed[other] === 1) return 'unreadable'
    if (changedSince[row] === 1) return 'moved-on'
    if (source.size[row] === copy.size[other]) {
      const found = bytesOf(row, other)
      if (found === 'unknown') return isWrittenSince(times, copied, settle) ? 'moved-on' : 'unchecked'
      if (found === 'equal') {
        if (!isSteady) return 'moved-on'
        vouch(row, other)
        return 'equal'
      }
    }
    return wrongKind({
      source: { ...times, size: source.size[row] as number },
      copy: { size: copy.size[other] as number, modified: copy.modified[other] as number },
      ...originOf(known.origins[other]),
      written: writtenAt(times, settle),
      still: request.still,
      lookedBefore: request.lookedBefore * 1000 - settle,
      copiedBefore: copied,
    })
  }
  const bytesOf = (row: number, other: number): 'unknown' | 'equal' | 'different' => {
    if (pieces !== undefined) {
      if (pieces.differing.length > 0) return 'different'
      return pieces.equal === pieces.all ? 'equal' : 'unknown'
    }
    if (known.source[row] === sourceState.unknown || manifest.known[other] !== 1) return 'unknown'
    if (known.source[row] === sourceState.asCopy) return 'equal'
    const [mine, theirs] = [row * 32, other * 32]
    const order = known.digests.compare(manifest.digests, theirs, theirs + 32, mine, mine + 32)
    return order === 0 ? 'equal' : 'different'
  }
  const vouch = (row: number, other: number): void => {
    manifest.source.usable[other] = 1
    manifest.source.modified[other] = source.modified[row] as number
    manifest.source.changed[other] = source.changed[row] as number
    manifest.source.inode[other] = source.inode[row] as number
  }

  return (use) => {
    for (let row = 0; row < source.length; row += 1) {
      const other = bySource[row] as number
      if (other < 0) use(onlyInSource(request, pairs, row), row, undefined)
      else use(isPair(pairs, row) ? pairState(row, other) : otherTypes(request, side, pairs, row, other), row, other)
    }
    for (let other = 0; other < copy.length; other += 1) {
      if ((byCopy[other] as number) >= 0 || memberType(copy, other) === 'gone') continue
      use(onlyInCopy(request, looked, pairs, other), undefined, other)
    }
  }
}
