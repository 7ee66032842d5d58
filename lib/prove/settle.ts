import { memberTypes, type MemberTable } from '../image/member-table.js'
import { pause } from '../system/clock.js'
import { hasSettled, settleMicroseconds, writtenAt } from '../verify/reuse.js'
import type { ProveRequest } from './proof-type.js'
import type { SourceLook, SourceSide } from './source-side.js'

const file = memberTypes.indexOf('file')
const looks = 3

/**
 * Given the source, look at its members; where some were written a moment ago, wait until their times have settled, and
 * look at all of them again, so that all were seen in the same state at one moment. What is written on and on is left
 * as it is after some looks.
 */
export async function lookWhenSettled(side: SourceSide, { granularity }: ProveRequest): Promise<SourceLook> {
  const settle = settleMicroseconds(granularity)
  for (let look = 1; ; look += 1) {
    const seen = await side.look()
    const { table, lookedAt } = seen
    const newest = newestWrite(table, lookedAt, settle)
    if (newest === undefined || look === looks) return seen
    // A clock that was set back must not make this a long wait.
    await pause(Math.min(settle, newest + settle - lookedAt) / 1_000_000 + 0.01)
  }
}

function newestWrite(table: MemberTable, lookedAt: number, settle: number): number | undefined {
  let newest: number | undefined
  for (let row = 0; row < table.length; row += 1) {
    if (table.type[row] !== file) continue
    const times = { modified: table.modified[row] as number, changed: table.changed[row] as number }
    if (hasSettled(times, lookedAt, settle)) continue
    newest = Math.max(newest ?? 0, writtenAt(times, settle))
  }
  return newest
}
