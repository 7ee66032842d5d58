import type { MemberTable } from '../image/member-table.js'
import { lookAgain } from '../look/look-again.js'
import { sameTime } from '../verify/reuse.js'
import type { RawPath } from '../text/raw-path.js'

/**
 * Given the source as it was before its bytes were read and which rows were read (1), look again and return those rows
 * (1) that have changed since: what was read of them need not be what the copy was made from.
 */
export function changedRows(source: RawPath, before: MemberTable, read: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(read)
  if (!read.includes(1)) return changed
  lookAgain(
    source,
    before,
    (row) => read[row] === 1,
    (row, now) => {
      const same =
        before.inode[row] === now.inode &&
        before.size[row] === now.size &&
        sameTime(before.modified[row] as number, Math.floor(now.modified * 1000)) &&
        sameTime(before.changed[row] as number, Math.floor(now.changed * 1000))
      if (same) changed[row] = 0
    },
  )
  return changed
}
