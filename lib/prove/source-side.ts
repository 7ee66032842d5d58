import type { Container } from '../image/image.js'
import { memberName, type MemberTable } from '../image/member-table.js'
import { memberTable } from '../look/member-table.js'
import { lookAt } from '../system/file.js'
import { linkTarget } from '../system/link-target.js'
import { join, type RawPath } from '../text/raw-path.js'
import { changedRows } from './second-look.js'

/** The image that a copy is compared with, on whichever machine it lies. */
export interface SourceSide {
  /** Throws OperationalError where the image is missing or cannot be listed. */
  look(): Promise<SourceLook>
  /** Given a look before bytes were read and which rows were read (1), return those rows (1) that have changed since. */
  changedRows(before: MemberTable, read: Uint8Array): Promise<Uint8Array>
  /** Given a look and a row that is a link, return where it leads; undefined where that cannot be told. */
  linkTarget(table: MemberTable, row: number): RawPath | undefined
  /** undefined: the files are on this machine, and are read beside those of the copy. */
  readonly bytes?: SourceBytes
}

export interface SourceLook {
  readonly table: MemberTable
  /** When the look began, microseconds since 1970, by the clock that the members' times are of. */
  readonly lookedAt: number
  /** How far that clock is ahead of ours, in milliseconds; 0 unless given. */
  readonly ahead?: number
  /** When the bundle's own folder, which is no row, was written: microseconds since 1970. */
  readonly written: number
}

/** How the bytes of an image on another machine are digested there. */
export interface SourceBytes {
  /** Given rows, write their sha256 into `digests` (32 bytes a row) until the deadline, milliseconds since 1970. */
  members(table: MemberTable, rows: readonly number[], digests: Uint8Array, deadline: number): Promise<Digested>
  /** Given a sparse image's first piece of 8 MiB that is not known, and how many there are, do so with its pieces. */
  pieces(first: number, all: number, digests: Uint8Array, deadline: number): Promise<Digested>
}

export interface Digested {
  /** By its place in `rows`: see `jobState`; of pieces, one for each from the first on. */
  readonly states: Uint8Array
  readonly bytes: number
  readonly files: number
  /** Why the first one could not be digested. */
  readonly failure?: string
}

/** Given an image on this machine, return it as the source of a comparison. */
export function sourceHere({ source, container }: { source: RawPath; container: Container }): SourceSide {
  return {
    look() {
      const lookedAt = Date.now() * 1000
      const table = memberTable({ path: source, container })
      return Promise.resolve({ table, lookedAt, written: (lookAt(source)?.mtimeMs ?? 0) * 1000 })
    },
    changedRows: (before, read) => Promise.resolve(changedRows(source, before, read)),
    linkTarget: (table, row) =>
      linkTarget(container === 'sparse-image' ? source : join(source, memberName(table, row))),
  }
}
