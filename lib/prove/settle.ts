import { memberTypes, type MemberTable } from '../image/member-table.js'
import { memberTable } from '../look/member-table.js'
import { pause } from '../system/clock.js'
import { hasSettled, settleMicroseconds, writtenAt } from '../verify/reuse.js'
import type { ProveRequest } from './proof-type.js'

/** The source as it is after the copy, and from when on a write would show in it. */
export interface SettledLook {
  readonly table: MemberTable
  /** When the look began, microseconds since 1970. */
  readonly lookedAt: number
}

const file = memberTypes.indexOf('file')
const looks = 3

/**
 * Given the source, look at its members; where some were written a moment ago, wait until their times have settled, and
 * look at all of them again, so that all were seen in the same state at one moment. What is written on and on is left
 * as it is after some looks.
 */
export async function lookWhenSettled({ source, container, granularity }: ProveRequest): Promise<SettledLook> {
  const settle = settleMicroseconds(granularity)
  for (let look = 1; ; look += 1) {
    const lookedAt = Date.now() * 1000
    const table = memberTable({ path: source, container })
    const newest = newestWrite(table, lookedAt, settle)
    if (newest === undefined || look === looks) return { table, lookedAt }
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
