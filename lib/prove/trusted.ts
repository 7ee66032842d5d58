import { align } from '../image/member-align.js'
import { memberTypes, type MemberTable } from '../image/member-table.js'
import { memberTable } from '../look/member-table.js'
import { OperationalError } from '../finding/operational-error.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { sameTime } from '../verify/reuse.js'
import type { TrustedCopy } from './proof-type.js'

/** A trusted manifest, which of its rows its own copy still holds, and where the members of two tables stand in it. */
export interface Vouching {
  readonly manifest: Manifest
  /** 1: the copy still has that very file there, of that size and time. 2: that file, but of another size or time. */
  readonly standing: Uint8Array
  /** By row of the source, the row of the manifest, or -1. */
  readonly bySource: Int32Array
  /** By row of the copy. */
  readonly byCopy: Int32Array
}

export const standingState = { gone: 0, same: 1, altered: 2 } as const

const file = memberTypes.indexOf('file')

/**
 * Given a trusted copy and the members of source and new copy, look at the trusted copy again: only an inode that it
 * still holds at the same path cannot have been given to another file meanwhile (12 of 20 fresh files on ext4 repeated
 * inode, size and mtime of a removed one).
 */
export function vouching({ image, manifest }: TrustedCopy, source: MemberTable, copy: MemberTable): Vouching {
  return {
    manifest,
    standing: standingRows(manifest, membersOf(image, manifest)),
    bySource: align(source, manifest.copy),
    byCopy: align(copy, manifest.copy),
  }
}

function membersOf(image: TrustedCopy['image'], { copy: { container } }: Manifest): MemberTable | undefined {
  try {
    return memberTable({ path: image, container })
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}

function standingRows({ copy }: Manifest, now: MemberTable | undefined): Uint8Array {
  const standing = new Uint8Array(copy.length)
  if (now === undefined) return standing
  const rows = align(copy, now)
  for (let row = 0; row < copy.length; row += 1) {
    const at = rows[row] as number
    if (at < 0 || now.type[at] !== file || copy.inode[row] !== now.inode[at]) continue
    const same = copy.size[row] === now.size[at] && sameTime(copy.modified[row] as number, now.modified[at] as number)
    standing[row] = same ? standingState.same : standingState.altered
  }
  return standing
}
