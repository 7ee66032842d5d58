import { memberTypes, type MemberTable } from '../image/member-table.js'
import { settleMicroseconds, type Times } from '../verify/reuse.js'
import type { ProveRequest } from './proof-type.js'

/** An image and its copy, and where each member of one stands in the other (-1: nowhere). */
export interface Pairs {
  readonly source: MemberTable
  readonly copy: MemberTable
  readonly bySource: Int32Array
  readonly byCopy: Int32Array
}

export const fileNumber = memberTypes.indexOf('file')

/** Tell whether a row of the source has a file beside it in the copy, so that bytes can be compared. */
export function isPair({ source, copy, bySource }: Pairs, row: number): boolean {
  const other = bySource[row] as number
  return other >= 0 && source.type[row] === fileNumber && copy.type[other] === fileNumber
}

/** Given a table and a row, return the member's times in whole microseconds since 1970. */
export const timesOf = ({ modified, changed }: MemberTable, row: number): Times => ({
  modified: modified[row] as number,
  changed: changed[row] as number,
})

/** Tell whether a member was written after rsync had ended (microseconds); a time that was set by hand tells nothing. */
export const isWrittenSince = ({ modified, changed }: Times, copied: number, settle: number): boolean =>
  modified > copied && modified <= changed + settle

/** Tell whether a row of the source can still be equal to its copy: of the same length, and not written since. */
export function comparable({ granularity, copiedBefore }: ProveRequest, pairs: Pairs, row: number): boolean {
  const { source, copy, bySource } = pairs
  if (!isPair(pairs, row) || source.size[row] !== copy.size[bySource[row] as number]) return false
  // Whatever it holds now, the copy need not. A ctime alone also changes with owner and mode, so that is read.
  return !isWrittenSince(timesOf(source, row), copiedBefore * 1000, settleMicroseconds(granularity))
}
