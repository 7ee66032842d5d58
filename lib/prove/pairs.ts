import { memberTypes, type MemberTable } from '../image/member-table.js'

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
