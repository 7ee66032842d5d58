import { folderRow } from '../image/member-align.js'
import { memberName, memberType } from '../image/member-table.js'
import { linkTarget } from '../system/link-target.js'
import { join, type RawPath } from '../text/raw-path.js'
import { writtenAt } from '../verify/reuse.js'
import { timesOf, type Pairs } from './pairs.js'
import type { ProveRequest } from './proof-type.js'
import type { RowState } from './row-state.js'
import type { SourceLook, SourceSide } from './source-side.js'

/** Given a member that only the image has, return what that is. */
export function onlyInSource({ copiedBefore }: ProveRequest, { source }: Pairs, row: number): RowState {
  if (memberType(source, row) === 'gone') return 'moved-on'
  if (memberType(source, row) === 'unseen') return 'source-unreadable'
  return writtenAt(timesOf(source, row), 0) > copiedBefore * 1000 ? 'moved-on' : 'missing'
}

/** Given a member that only the copy has, return what that is: whoever removed it after the copy wrote its folder then. */
export function onlyInCopy(
  { copiedBefore }: ProveRequest,
  looked: SourceLook,
  { source, copy }: Pairs,
  row: number,
): RowState {
  const name = memberName(copy, row)
  const slash = name.indexOf('/')
  const folder = slash < 0 ? -1 : folderRow(source, name.slice(0, slash))
  // The bundle's own folder is no row.
  const written = slash < 0 ? looked.written : folder < 0 ? 0 : (source.modified[folder] as number)
  return written > copiedBefore * 1000 ? 'moved-on' : 'extra'
}

/** Given a member that is no file on at least one side, return how the two compare. */
export function otherTypes(
  request: ProveRequest,
  side: SourceSide,
  { source, copy }: Pairs,
  row: number,
  other: number,
): RowState {
  const [mine, theirs] = [memberType(source, row), memberType(copy, other)]
  if (mine === 'unseen') return 'source-unreadable'
  if (mine === 'gone') return 'moved-on'
  if (theirs === 'unseen') return 'unreadable'
  if (theirs === 'gone') return 'missing'
  if (mine === theirs && mine !== 'link') return 'equal'
  if (mine === theirs) {
    const [here, there] = [side.linkTarget(source, row), linkTarget(memberPath(request.copy, copy, other))]
    if (here === undefined) return 'source-unreadable'
    if (there === undefined) return 'unreadable'
    if (here === there) return 'equal'
  }
  return writtenAt(timesOf(source, row), 0) > request.copiedBefore * 1000 ? 'moved-on' : 'type'
}

const memberPath = (image: RawPath, table: Pairs['copy'], row: number): RawPath =>
  table.container === 'sparse-image' ? image : join(image, memberName(table, row))
