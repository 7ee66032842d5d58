import { align } from '../image/member-align.js'
import { memberName, memberType, type MemberTable } from '../image/member-table.js'
import { printable } from '../text/printable.js'
import type { AuditedCopy } from './copy.js'

/** LBackup's rsync runs with --modify-window=20, which compares whole seconds. */
const windowSeconds = 20
const second = 1_000_000
const listed = 20

/** Members that something holds of: how many, and the first twenty. */
export interface Members {
  readonly count: number
  readonly members: readonly string[]
}

/**
 * What times and inodes tell of changes that LBackup missed. `missed`: the image had changed before LBackup began this
 * section, and it linked the older file all the same. `suspected`: that may have happened, or will in the next run.
 */
export interface Traces {
  readonly missed: Members
  readonly suspected: Members
}

/** What is known of each row of one copy from newer sections and from the source, for the next older copy to inherit. */
export interface Known {
  /** A change that rsync takes for none had happened at this moment, microseconds since 1970; 0: no such change is known. */
  readonly changedBy: Float64Array
  /** 1: the image has the very time of this file now, so it was not written since. */
  readonly still: Uint8Array
}

/** The members of the image, and for each row of the newest copy the image's, or -1. */
export interface SourceMembers {
  readonly table: MemberTable
  readonly rows: Int32Array
}

/** Given the image's members and the newest copy's, return them paired. */
export const paired = (copy: MemberTable, table: MemberTable): SourceMembers => ({ table, rows: align(copy, table) })

/**
 * Given a copy and what is known of the next newer one (or, of the newest, of the image), return what is known of this
 * one's files. Times that differ by 1 to 20 s at equal size are what rsync takes for unchanged. It never copies such a
 * file anew by itself; where a newer section has it so, a run with --checksum found out what the runs before missed.
 */
export function knownOf(
  copy: AuditedCopy,
  newer: { copy: AuditedCopy; known: Known } | undefined,
  source: SourceMembers | undefined,
): Known {
  const { members } = copy
  const length = members?.length ?? 0
  const known: Known = { changedBy: new Float64Array(length), still: new Uint8Array(length) }
  if (members === undefined) return known
  const other = newer?.copy.members
  const rows = other === undefined ? undefined : align(members, other)
  for (let row = 0; row < length; row += 1) {
    if (memberType(members, row) !== 'file') continue
    const same = copy.newer[row] as number
    if (newer !== undefined && same >= 0) {
      known.changedBy[row] = newer.known.changedBy[same] as number
      known.still[row] = newer.known.still[same] as number
    } else if (other !== undefined) {
      const at = (rows as Int32Array)[row] as number
      const later = at < 0 ? 0 : looksUnchanged(members, row, other, at)
      // Set back, the time does not tell when the change was.
      if (later > 0) known.changedBy[row] = other.modified[at] as number
    } else if (source !== undefined) fromSource(members, row, source, known)
  }
  return known
}

function fromSource(members: MemberTable, row: number, { table, rows }: SourceMembers, known: Known): void {
  const at = rows[row] as number
  if (at < 0) return
  const apart = looksUnchanged(members, row, table, at)
  // No call sets a ctime back, so by then the change had happened.
  if (apart !== 0) known.changedBy[row] = Math.max(table.modified[at] as number, table.changed[at] as number)
  else if (table.size[at] === members.size[row] && sameSecond(members, row, table, at)) known.still[row] = 1
}

/** Returns the seconds from one file's time to the other's where rsync takes them for the same in spite of them, else 0. */
function looksUnchanged(one: MemberTable, row: number, other: MemberTable, at: number): number {
  if (memberType(other, at) !== 'file' || one.size[row] !== other.size[at]) return 0
  const apart = Math.floor((other.modified[at] as number) / second) - Math.floor((one.modified[row] as number) / second)
  return Math.abs(apart) <= windowSeconds ? apart : 0
}

const sameSecond = (one: MemberTable, row: number, other: MemberTable, at: number): boolean =>
  Math.floor((one.modified[row] as number) / second) === Math.floor((other.modified[at] as number) / second)

/**
 * Given a copy, the next older one and what is known of its files, return what LBackup missed in it.
 *
 * | file of the copy | it is |
 * |---|---|
 * | linked from an older section, though the image had changed before this one was begun | missed |
 * | the image has another time within the window, all else | suspected: the next run misses it, if this one has not |
 * | linked, and first copied within 20 s of its last write | suspected: only then could a later write look unchanged |
 * | the image still has its time | neither |
 *
 * The third rule needs no source. It takes the clocks of source and backup disk for one, and the times of files for
 * honest; a set that was moved to another disk has lost the births it needs.
 */
export function tracesIn(copy: AuditedCopy, older: AuditedCopy | undefined, known: Known, isNewest: boolean): Traces {
  const [missed, suspected] = [collect(), collect()]
  const { members, born, begun } = copy
  if (members === undefined) return { missed, suspected }
  const inOlder = rowsInOlder(members, older)
  for (let row = 0; row < members.length; row += 1) {
    if (memberType(members, row) !== 'file') continue
    const made = born[row] as number
    const linked = inOlder[row] === 1 || (made > 0 && made < begun)
    const changedBy = known.changedBy[row] as number
    if (linked && changedBy > 0 && changedBy < begun) add(missed, members, row)
    else if (changedBy > 0 && isNewest) add(suspected, members, row)
    else if (linked && known.still[row] !== 1 && isClose(made, members.modified[row] as number)) {
      add(suspected, members, row)
    }
  }
  return { missed, suspected }
}

/** rsync makes the file before it reads, so what is written later than that is later than its birth too. */
const isClose = (made: number, modified: number): boolean => made > 0 && made - modified < (windowSeconds + 1) * second

/** Marks the rows whose very file the older copy has too; its `newer` column points here. */
function rowsInOlder(members: MemberTable, older: AuditedCopy | undefined): Uint8Array {
  const rows = new Uint8Array(members.length)
  older?.newer.forEach((row) => {
    if (row >= 0) rows[row] = 1
  })
  return rows
}

interface Collected {
  count: number
  members: string[]
}

const collect = (): Collected => ({ count: 0, members: [] })

function add(found: Collected, members: MemberTable, row: number): void {
  found.count += 1
  if (found.members.length < listed) found.members.push(printable(memberName(members, row)))
}
