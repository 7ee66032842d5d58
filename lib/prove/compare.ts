import { folderRow } from '../image/member-align.js'
import { memberName, memberType } from '../image/member-table.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { lookAt } from '../system/file.js'
import { hasSettled, sameTime, settleMicroseconds, writtenAt } from '../verify/reuse.js'
import { wrongKind } from '../verify/wrong-kind.js'
import { fileNumber, isPair, type Pairs } from './pairs.js'
import type { ProveRequest, WrongKind } from './proof-type.js'
import type { Read } from './read-members.js'
import { sourceMembers } from './second-look.js'
import { isThatFile, sourceState, type Known } from './reuse-digests.js'
import { standingState, type Vouching } from './trusted.js'

/** What is known of one member. */
export type RowState = 'equal' | 'moved-on' | 'unchecked' | 'source-unreadable' | WrongKind

/** Receives each member of image and copy, by its row in either, and what is known of it. */
export type EachRow = (use: (state: RowState, source: number | undefined, copy: number | undefined) => void) => void

/**
 * Given all that is known, return a walk over the members that says what each one's copy is. Fills in which of the
 * source's fingerprints prove the same bytes in a later run.
 */
export function compareRows(
  request: ProveRequest,
  pairs: Pairs,
  known: Known,
  trusted: readonly Vouching[],
  manifest: Manifest,
  read: Read,
  lookedAt: number,
): EachRow {
  const { source, copy, bySource, byCopy } = pairs
  const settle = settleMicroseconds(request.granularity)
  const copied = request.copiedBefore * 1000
  const changedSince = sourceMembers(request, source, read.sourceRead)
  const times = (row: number): { modified: number; changed: number } => ({
    modified: source.modified[row] as number,
    changed: source.changed[row] as number,
  })

  const pairState = (row: number, other: number): RowState => {
    if (read.sourceFailed[row] === 1) return changedSince.has(row) ? 'moved-on' : 'source-unreadable'
    if (read.copyFailed[other] === 1) return 'unreadable'
    if (changedSince.has(row)) return 'moved-on'
    if (source.size[row] === copy.size[other]) {
      if (known.source[row] === sourceState.unknown || manifest.known[other] !== 1) {
        const written = times(row)
        return written.modified > copied && written.modified <= written.changed + settle ? 'moved-on' : 'unchecked'
      }
      if (isEqual(known, row, manifest, other)) {
        if (!hasSettled(times(row), lookedAt, settle)) return 'moved-on'
        vouch(row, other)
        return 'equal'
      }
    }
    return wrongKind({
      source: { ...times(row), size: source.size[row] as number },
      copy: { size: copy.size[other] as number, modified: copy.modified[other] as number },
      ...origin(trusted, pairs, other),
      written: writtenAt(times(row), settle),
      still: request.still,
      lookedBefore: request.lookedBefore * 1000 - settle,
      copiedBefore: copied,
    })
  }
  const vouch = (row: number, other: number): void => {
    manifest.source.usable[other] = 1
    manifest.source.size[other] = source.size[row] as number
    manifest.source.modified[other] = source.modified[row] as number
    manifest.source.changed[other] = source.changed[row] as number
    manifest.source.inode[other] = source.inode[row] as number
  }
  /** A name that only one side has: whoever made or removed it after the copy wrote its folder then. */
  const folderMovedOn = (name: string): boolean => {
    if (!name.includes('/')) return ownFolder() > copied
    const folder = folderRow(source, name.slice(0, name.indexOf('/')))
    return folder >= 0 && (source.modified[folder] as number) > copied
  }
  /** When the bundle's own folder, which is no row, was written. */
  const ownFolder = (): number => (lookAt(request.source)?.mtimeMs ?? 0) * 1000
  const alone = (row: number): RowState => {
    if (memberType(source, row) === 'gone') return 'moved-on'
    if (memberType(source, row) === 'unseen') return 'source-unreadable'
    return writtenAt(times(row), 0) > copied ? 'moved-on' : 'missing'
  }
  const otherTypes = (row: number, other: number): RowState => {
    const [mine, theirs] = [memberType(source, row), memberType(copy, other)]
    if (mine === 'unseen') return 'source-unreadable'
    if (mine === 'gone') return 'moved-on'
    if (theirs === 'unseen') return 'unreadable'
    if (theirs === 'gone') return 'missing'
    if (mine === theirs) return 'equal'
    return writtenAt(times(row), 0) > copied ? 'moved-on' : 'type'
  }

  return (use) => {
    for (let row = 0; row < source.length; row += 1) {
      const other = bySource[row] as number
      if (other < 0) use(alone(row), row, undefined)
      else use(isPair(pairs, row) ? pairState(row, other) : otherTypes(row, other), row, other)
    }
    for (let other = 0; other < copy.length; other += 1) {
      if ((byCopy[other] as number) >= 0 || memberType(copy, other) === 'gone') continue
      use(folderMovedOn(memberName(copy, other)) ? 'moved-on' : 'extra', undefined, other)
    }
  }
}

function isEqual(known: Known, row: number, manifest: Manifest, other: number): boolean {
  if (known.source[row] === sourceState.asCopy) return true
  return known.digests.compare(manifest.digests, other * 32, other * 32 + 32, row * 32, row * 32 + 32) === 0
}

/** What older manifests tell of the copy's own file. */
function origin(
  trusted: readonly Vouching[],
  { copy }: Pairs,
  other: number,
): { linked: boolean | undefined; altered: boolean } {
  let linked: boolean | undefined
  for (const { manifest: old, byCopy, standing } of trusted) {
    const at = byCopy[other] as number
    if (at < 0 || old.copy.type[at] !== fileNumber) continue
    if (old.copy.inode[at] === copy.inode[other] && standing[at] === standingState.altered) {
      return { linked: true, altered: true }
    }
    if (standing[at] !== standingState.same) continue
    if (isThatFile(old.copy, at, copy, other)) return { linked: true, altered: false }
    // Another file than the older section's. Of that very time it may be an older copy that we put there.
    linked ??= sameTime(old.copy.modified[at] as number, copy.modified[other] as number) ? undefined : false
  }
  return { linked, altered: false }
}
