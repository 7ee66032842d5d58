import { Buffer } from 'node:buffer'
import type { BandNames } from '../image/band-order.js'
import type { Container } from '../image/image.js'
import { memberTypes, type MemberPart, type MemberTable, type Part } from '../image/member-table.js'
import type { Manifest, SourceColumns } from './manifest-type.js'
import { noPieces } from './pieces.js'

/** Given a table of a copy, return a manifest of it in which nothing is known yet. */
export function emptyManifest(copy: MemberTable): Manifest {
  return {
    copy,
    nanoseconds: new Uint16Array(copy.length),
    digests: Buffer.alloc(copy.length * 32),
    known: new Uint8Array(copy.length),
    source: emptySource(copy.length),
    pieces: noPieces(),
  }
}

function emptySource(length: number): SourceColumns {
  return {
    usable: new Uint8Array(length),
    modified: new Float64Array(length),
    changed: new Float64Array(length),
    inode: new Float64Array(length),
  }
}

/** One row as it is read from an mtree. */
export interface Row {
  type: number
  size: number
  modified: number
  nanoseconds: number
  known: number
}

export const fileType = memberTypes.indexOf('file')
export const folderType = memberTypes.indexOf('folder')
export const linkType = memberTypes.indexOf('link')

/**
 * Rows as they come. `skipped` rows are left free before the first one; `room` is how many there will probably be (columns
 * grow by doubling where that is too few). `from` gives the manifest's columns from a row on: views, nothing is copied.
 */
export function growingRows(skipped: number, room: number) {
  let capacity = Math.max(64, room + skipped)
  let columns = emptyManifest(tableOf('sparse-bundle', [], capacity))
  let length = skipped
  const grow = (): void => {
    const old = columns
    capacity *= 2
    columns = emptyManifest(tableOf('sparse-bundle', [], capacity))
    copyRows(old, 0, length, columns, 0)
  }
  return {
    /** `digest` counts where `row.known` is 1. */
    set(at: number, row: Row, digest: Buffer): void {
      const { copy } = columns
      copy.type[at] = row.type
      copy.size[at] = row.size
      copy.modified[at] = row.modified
      columns.nanoseconds[at] = row.nanoseconds
      columns.known[at] = row.known
      if (row.known === 1) digest.copy(columns.digests, at * 32, 0, 32)
    },
    add(row: Row, digest: Buffer): void {
      if (length === capacity) grow()
      this.set(length, row, digest)
      length += 1
    },
    from: (start: number): Manifest => rowsOf(columns, start, length),
  }
}

export type GrowingRows = ReturnType<typeof growingRows>

function rowsOf({ copy, nanoseconds, digests, known, source, pieces }: Manifest, start: number, end: number): Manifest {
  const cut = <Column extends { subarray(start: number, end: number): Column }>(column: Column): Column =>
    column.subarray(start, end)
  return {
    copy: {
      ...copy,
      length: end - start,
      type: cut(copy.type),
      size: cut(copy.size),
      modified: cut(copy.modified),
      changed: cut(copy.changed),
      inode: cut(copy.inode),
    },
    nanoseconds: cut(nanoseconds),
    digests: digests.subarray(start * 32, end * 32),
    known: cut(known),
    source: {
      usable: cut(source.usable),
      modified: cut(source.modified),
      changed: cut(source.changed),
      inode: cut(source.inode),
    },
    pieces,
  }
}

function copyRows(from: Manifest, start: number, count: number, to: Manifest, at: number): void {
  const end = start + count
  const columns = [
    [from.copy.type, to.copy.type],
    [from.copy.size, to.copy.size],
    [from.copy.modified, to.copy.modified],
    [from.copy.changed, to.copy.changed],
    [from.copy.inode, to.copy.inode],
    [from.nanoseconds, to.nanoseconds],
    [from.known, to.known],
    [from.source.usable, to.source.usable],
    [from.source.modified, to.source.modified],
    [from.source.changed, to.source.changed],
    [from.source.inode, to.source.inode],
  ] as const
  for (const [source, target] of columns) (target as Float64Array).set(source.subarray(start, end), at)
  from.digests.copy(to.digests, at * 32, start * 32, end * 32)
}

/** Given parts and the number of rows, return a table with nothing in it yet. */
export function tableOf(container: Container, parts: readonly MemberPart[], length: number): MemberTable {
  return {
    container,
    parts,
    length,
    type: new Uint8Array(length),
    size: new Float64Array(length),
    modified: new Float64Array(length),
    changed: new Float64Array(length),
    inode: new Float64Array(length),
  }
}

/** Given parts with their names, return them with the row each begins at, and how many rows there are. */
export function placeParts(parts: readonly { readonly part: Part; readonly names: BandNames }[]): {
  parts: MemberPart[]
  length: number
} {
  let length = 0
  const placed = parts.map(({ part, names }) => {
    const start = length
    length += names.indexes.length + names.others.length
    return { part, names, start }
  })
  return { parts: placed, length }
}
