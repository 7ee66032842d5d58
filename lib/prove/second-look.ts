import { OperationalError } from '../finding/operational-error.js'
import { align } from '../image/member-align.js'
import type { MemberTable } from '../image/member-table.js'
import { memberTable } from '../look/member-table.js'
import { sameTime } from '../verify/reuse.js'
import type { ProveRequest } from './proof-type.js'

/**
 * Given the source as it was before its bytes were read and which rows were read (1), look again and return those rows
 * that have changed since: what was read of them need not be what the copy was made from.
 */
export function sourceMembers(
  { source: path, container }: ProveRequest,
  before: MemberTable,
  read: Uint8Array,
): ReadonlySet<number> {
  const changed = new Set<number>()
  if (!read.includes(1)) return changed
  const now = lookAgain(path, container)
  const places = now === undefined ? undefined : align(before, now)
  for (let row = 0; row < before.length; row += 1) {
    if (read[row] !== 1) continue
    const at = places?.[row] ?? -1
    const same =
      now !== undefined &&
      at >= 0 &&
      before.inode[row] === now.inode[at] &&
      before.size[row] === now.size[at] &&
      sameTime(before.modified[row] as number, now.modified[at] as number) &&
      sameTime(before.changed[row] as number, now.changed[at] as number)
    if (!same) changed.add(row)
  }
  return changed
}

function lookAgain(path: ProveRequest['source'], container: ProveRequest['container']): MemberTable | undefined {
  try {
    return memberTable({ path, container })
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}
