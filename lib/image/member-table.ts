import type { RawPath } from '../text/raw-path.js'
import { bandName } from './band-names.js'
import type { BandNames } from './band-order.js'
import type { Container } from './image.js'

/** What stands at a row; `gone`: vanished after it was listed; `unseen`: could not be looked at. */
export const memberTypes = ['file', 'folder', 'link', 'other', 'gone', 'unseen'] as const
export type MemberType = (typeof memberTypes)[number]

/** A bundle's own folder, or one of the two that hold files by the number. A sparse image has one member, in `''`. */
export type Part = '' | 'mapped' | 'bands'

/** The rows of one folder, from `start` on. */
export interface MemberPart {
  readonly part: Part
  readonly names: BandNames
  readonly start: number
}

/**
 * All members of one image as seen at a moment, a row for each, in the order of a fingerprint: the bundle's own folder
 * (names by their bytes; `mapped` and `bands` are rows of it), then `mapped/`, then `bands/` (numbers ascending, other
 * names after them by their bytes). Columns of numbers: a million members take 33 MB, and their names 8.
 */
export interface MemberTable {
  readonly container: Container
  readonly parts: readonly MemberPart[]
  readonly length: number
  /** Index into `memberTypes`. */
  readonly type: Uint8Array
  /** Bytes. */
  readonly size: Float64Array
  /** mtime, whole microseconds since 1970. */
  readonly modified: Float64Array
  /** ctime, whole microseconds since 1970. */
  readonly changed: Float64Array
  readonly inode: Float64Array
  /** Why the first unseen one could not be looked at. */
  readonly because?: string
}

export const memberType = (table: Pick<MemberTable, 'type'>, at: number): MemberType =>
  memberTypes[table.type[at] as number] as MemberType

/** Given a table and a row, return the member's name relative to the bundle: `bands/1f`, `Info.plist`. */
export function memberName({ parts }: Pick<MemberTable, 'parts'>, at: number): RawPath {
  const found = parts.findLast(({ start }) => start <= at)
  if (found === undefined) throw new RangeError(`no member has row ${String(at)}`)
  const name = nameIn(found, at - found.start)
  return (found.part === '' ? name : `${found.part}/${name}`) as RawPath
}

/** Given a part and a place in it, return that name without its folder. */
export const nameIn = ({ names: { indexes, others } }: MemberPart, at: number): RawPath =>
  at < indexes.length ? bandName(indexes[at] as number) : (others[at - indexes.length] as RawPath)

/** Given a part, return how many rows it has. */
export const partLength = ({ names: { indexes, others } }: MemberPart): number => indexes.length + others.length
