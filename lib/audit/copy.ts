import { OperationalError } from '../finding/operational-error.js'
import { align } from '../image/member-align.js'
import { memberName, memberType, type MemberTable } from '../image/member-table.js'
import { lookAtStructure } from '../look/structure.js'
import { memberTable } from '../look/member-table.js'
import { lookAt } from '../system/file.js'
import type { RawPath } from '../text/raw-path.js'
import type { FoundCopy } from './find.js'
import { fillBirths } from './births.js'

/** What a look at one copy alone tells. */
export interface CopyState {
  readonly state: 'complete' | 'incomplete' | 'unreadable'
  readonly why: string | null
  readonly bytes: number
}

/** One copy with its members, and what the same files told in the next newer section. */
export interface AuditedCopy {
  readonly found: FoundCopy
  readonly state: CopyState
  /** undefined: it could not be listed. */
  readonly members: MemberTable | undefined
  /** For each row, that of the newer copy that is the very same file, or -1. */
  readonly newer: Int32Array
  /** For each row of a file, when that file was made on the backup disk, microseconds since 1970; 0: not known. */
  readonly born: Float64Array
  /** When the section was begun, microseconds since 1970; 0: not known. */
  readonly begun: number
}

/**
 * Given a copy and the next newer one that was audited, look at it. Files that both sections share are one and the same
 * file: their births are not looked up again, and where nothing else is in it, neither is its structure.
 */
export function auditCopy(found: FoundCopy, newer: AuditedCopy | undefined): AuditedCopy {
  const members = membersOf(found)
  const length = members?.length ?? 0
  const same = new Int32Array(length).fill(-1)
  const born = new Float64Array(length)
  if (members !== undefined && newer?.members !== undefined && isOnSameVolume(found, newer))
    markSame(members, newer.members, same)
  if (members !== undefined) {
    for (let row = 0; row < length; row += 1)
      if ((same[row] as number) >= 0) born[row] = newer?.born[same[row] as number] as number
    fillBirths(found.image.path, members, same, born)
  }
  const state =
    newer !== undefined && members !== undefined && isSameCopy(members, newer, same) ? newer.state : stateOf(found)
  return { found, state, members, newer: same, born, begun: begunAt(found) }
}

function membersOf({ image }: FoundCopy): MemberTable | undefined {
  try {
    return memberTable(image)
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}

/** Only there an inode says which file it is. */
const isOnSameVolume = ({ image }: FoundCopy, { found }: AuditedCopy): boolean => image.device === found.image.device

function markSame(members: MemberTable, newer: MemberTable, same: Int32Array): void {
  align(members, newer).forEach((other, row) => {
    if (other < 0 || memberType(members, row) !== 'file' || memberType(newer, other) !== 'file') return
    if (members.inode[row] === newer.inode[other]) same[row] = other
  })
}

function isSameCopy(members: MemberTable, { members: other }: AuditedCopy, same: Int32Array): boolean {
  if (other?.length !== members.length) return false
  for (let row = 0; row < members.length; row += 1) {
    if ((same[row] as number) >= 0) continue
    // Of a folder that is no file of its own in each section, the name and the type must do; all else is looked at.
    if (memberType(members, row) !== 'folder' || memberType(other, row) !== 'folder') return false
    if (memberName(members, row) !== memberName(other, row)) return false
  }
  return true
}

function stateOf({ image }: FoundCopy): CopyState {
  const { findings, counts } = lookAtStructure(image, { inUse: false, linksAreNews: false })
  const errors = findings.filter(({ severity }) => severity === 'error')
  const [worst] = errors
  if (worst === undefined && image.recognised) return { state: 'complete', why: null, bytes: counts.bytes }
  const more = errors.length > 1 ? ` (and ${String(errors.length - 1)} more)` : ''
  const unread = errors.length > 0 && errors.every(({ code }) => code === 'member-unreadable')
  return {
    state: unread ? 'unreadable' : 'incomplete',
    why: `${worst?.message.replace(/\.$/, '') ?? 'its content is no image'}${more}`,
    bytes: counts.bytes,
  }
}

/** rsync makes the section's folder first. A section that is a file is the image itself: its birth says nothing of the run. */
function begunAt({ section: { kind, path } }: FoundCopy): number {
  return kind === 'folder' ? bornAt(path) : 0
}

/** Given a path, return when it was made, microseconds since 1970; 0 where the file system does not tell. */
export function bornAt(path: RawPath): number {
  try {
    return Math.max(0, Math.floor((lookAt(path)?.birthtimeMs ?? 0) * 1000))
  } catch (error) {
    if (error instanceof OperationalError) return 0
    throw error
  }
}
