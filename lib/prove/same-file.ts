import type { MemberTable } from '../image/member-table.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { sameTime } from '../verify/reuse.js'

/** Same inode, size and mtime; a ctime says nothing, since making a hard link changes it. */
export function isThatFile(old: MemberTable, at: number, table: MemberTable, row: number): boolean {
  return (
    old.inode[at] === table.inode[row] &&
    old.size[at] === table.size[row] &&
    sameTime(old.modified[at] as number, table.modified[row] as number)
  )
}

/** Tell whether a row of a source looks as it did when a manifest's row was known to hold the same bytes. */
export function isFingerprint({ source: old, copy }: Manifest, at: number, table: MemberTable, row: number): boolean {
  return (
    old.usable[at] === 1 &&
    old.inode[at] === table.inode[row] &&
    copy.size[at] === table.size[row] &&
    sameTime(old.modified[at] as number, table.modified[row] as number) &&
    sameTime(old.changed[at] as number, table.changed[row] as number)
  )
}
