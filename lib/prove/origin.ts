import type { MemberTable } from '../image/member-table.js'
import { sameTime } from '../verify/reuse.js'
import { fileNumber } from './pairs.js'
import { isThatFile } from './same-file.js'
import { standingState, type Vouching } from './trusted.js'

/** Where a file of the copy is from: nothing tells, an older section, not from there, from there and written since. */
export const originState = { unknown: 0, linked: 1, fresh: 2, altered: 3 } as const

/** Fill what a trusted manifest tells of the origin of the copy's files, by row; those of newer ones stand in it already. */
export function noteOrigins(
  origins: Uint8Array,
  { manifest: { copy: old }, byCopy, standing }: Vouching,
  copy: MemberTable,
): void {
  for (let row = 0; row < copy.length; row += 1) {
    if (origins[row] === originState.linked || origins[row] === originState.altered) continue
    const at = byCopy[row] as number
    if (at < 0 || old.type[at] !== fileNumber) continue
    if (old.inode[at] === copy.inode[row] && standing[at] === standingState.altered) {
      origins[row] = originState.altered
    } else if (standing[at] === standingState.same) {
      if (isThatFile(old, at, copy, row)) origins[row] = originState.linked
      // Another file than the older section's. Of that very time it may be an older copy that we put there.
      else if (!sameTime(old.modified[at] as number, copy.modified[row] as number)) origins[row] = originState.fresh
    }
  }
}

/** Given a file's origin, return what `wrongKind` asks of it. */
export function originOf(state: number | undefined): { linked: boolean | undefined; altered: boolean } {
  const altered = state === originState.altered
  const linked = state === originState.unknown ? undefined : state !== originState.fresh
  return { linked, altered }
}
