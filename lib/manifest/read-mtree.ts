import { Buffer } from 'node:buffer'
import { bandIndex } from '../image/band-names.js'
import type { BandNames } from '../image/band-order.js'
import type { Container } from '../image/image.js'
import type { Part } from '../image/member-table.js'
import type { RawPath } from '../text/raw-path.js'
import { fileType, folderType, growingRows, linkType, placeParts, type GrowingRows, type Row } from './columns.js'
import type { Manifest } from './manifest-type.js'
import { digits, integer, sha256, skip, word, type Line } from './scan.js'
import { visDecode } from './vis.js'

interface Names {
  /** Room for more than there are: as many numbers in a list would take twice the memory. */
  indexes: Float64Array
  count: number
  readonly others: RawPath[]
}

const noRow: Row = {
  type: 0,
  size: 0,
  modified: 0,
  nanoseconds: 0,
  known: 0,
}
// Filled line by line; a million objects would be too many.
const row: Row = { ...noRow }

/** The two folders that hold members by the number. */
type Inner = 'mapped' | 'bands'

/** A member of the bundle's own folder; there are few. */
interface TopRow {
  readonly row: Row
  readonly digest: Buffer
}

const mostTop = 100_000

/**
 * A reader of what `mtreeText` writes, line by line, and of nothing else: `line` returns false for the first line that
 * is not as it should be, `finish` undefined where the end is missing. Rows are in order and named once. `room` is how
 * many rows there will probably be.
 */
export function mtreeReader(container: Container, room: number) {
  const names: Record<Part, Names> = { '': noNames(), mapped: noNames(), bands: noNames() }
  const seen: Inner[] = []
  const top: TopRow[] = []
  const digest = Buffer.alloc(32)
  let rows: GrowingRows | undefined
  let part: Part = ''
  let lines = 0
  let inFolder = false
  let ended = false

  const enter = (name: Inner): boolean => {
    // `mapped` stands before `bands`, each once, and no member of the bundle's own folder after them.
    if (part !== '' || seen.includes(name) || (name === 'mapped' && seen.length > 0)) return false
    part = name
    seen.push(name)
    // Room for the bundle's own members, with the two folders themselves, before all others.
    rows ??= growingRows(top.length + 2, room)
    return true
  }
  const memberLine = (line: Line): boolean => {
    if (part === '' && (seen.length > 0 || top.length === mostTop)) return false
    const name = visDecode(word(line))
    if (name === undefined || !follows(names[part], name, part) || !attributes(line, digest)) return false
    inFolder = row.type === folderType
    const index = part === '' ? undefined : bandIndex(name)
    if (index === undefined || index === Infinity) names[part].others.push(name)
    else addIndex(names[part], index)
    if (part === '') top.push({ row: { ...row }, digest: Buffer.from(digest) })
    else rows?.add(row, digest)
    return true
  }

  return {
    line(line: Line): boolean {
      lines += 1
      if (lines === 1) return isAll(line, '#mtree')
      if (lines === 2) return isAll(line, '. type=dir')
      if (ended) return false
      if (inFolder) {
        inFolder = false
        return isAll(line, ' ..')
      }
      if (skip(line, ' ')) return memberLine(line)
      if (isAll(line, '..')) {
        ended = part === ''
        part = ''
        return true
      }
      if (isAll(line, 'mapped type=dir')) return enter('mapped')
      return isAll(line, 'bands type=dir') && enter('bands')
    },
    finish: (): Manifest | undefined =>
      ended ? assembled(container, names, top, seen, rows ?? growingRows(top.length + 2, 0)) : undefined,
  }
}

const folderRow: TopRow = { row: { ...noRow, type: folderType }, digest: Buffer.alloc(32) }
const noNames = (): Names => ({ indexes: new Float64Array(64), count: 0, others: [] })

function addIndex(names: Names, index: number): void {
  if (names.count === names.indexes.length) {
    const grown = new Float64Array(names.count * 2)
    grown.set(names.indexes)
    names.indexes = grown
  }
  names.indexes[names.count++] = index
}

const isAll = (line: Line, text: string): boolean => {
  if (line.end - line.at !== text.length) return false
  return skip(line, text)
}

/** Numbers ascending, then other names by their bytes. */
function follows({ indexes, count, others }: Names, name: RawPath, part: Part): boolean {
  if (name === '.' || name === '..') return false
  const index = part === '' ? undefined : bandIndex(name)
  if (index === undefined || index === Infinity) return others.length === 0 || (others.at(-1) as RawPath) < name
  return others.length === 0 && (count === 0 || (indexes[count - 1] as number) < index)
}

/** Reads what follows the name into `row`. */
function attributes(line: Line, digest: Buffer): boolean {
  row.known = 0
  row.size = 0
  row.modified = 0
  row.nanoseconds = 0
  if (skip(line, ' type=file size=')) {
    const size = integer(line)
    if (size === undefined || size < 0 || !skip(line, ' time=')) return false
    const seconds = integer(line)
    if (seconds === undefined || !skip(line, '.')) return false
    const fraction = digits(line, 9)
    if (fraction === undefined) return false
    row.type = fileType
    row.size = size
    row.nanoseconds = fraction % 1000
    row.modified = seconds * 1_000_000 + (fraction - row.nanoseconds) / 1000
    if (!Number.isSafeInteger(row.modified)) return false
    if (line.at === line.end) return true
    row.known = 1
    return skip(line, ' sha256digest=') && sha256(line, digest) && line.at === line.end
  }
  if (skip(line, ' type=link')) row.type = linkType
  else if (skip(line, ' type=dir')) row.type = folderType
  else return false
  return line.at === line.end
}

function assembled(
  container: Container,
  names: Record<Part, Names>,
  top: readonly TopRow[],
  seen: readonly Inner[],
  rows: GrowingRows,
): Manifest | undefined {
  const own = names[''].others
  if (container === 'sparse-image' && (seen.length > 0 || own.length !== 1)) return undefined
  if (seen.some((folder) => (own as readonly string[]).includes(folder))) return undefined
  const all = [...own, ...(seen as readonly string[] as readonly RawPath[])].sort((a, b) => (a < b ? -1 : 1))
  const unused = 2 - seen.length
  let next = 0
  all.forEach((name, at) => {
    const isInner = (seen as readonly string[]).includes(name)
    const { row: facts, digest } = isInner ? folderRow : (top[next++] as TopRow)
    rows.set(unused + at, facts, digest)
  })
  const { parts, length } = placeParts([
    { part: '', names: { indexes: new Float64Array(0), others: all } },
    ...seen.map((part) => ({ part, names: bandNames(names[part]) })),
  ])
  const manifest = rows.from(unused)
  return manifest.copy.length === length ? { ...manifest, copy: { ...manifest.copy, container, parts } } : undefined
}

const bandNames = ({ indexes, count, others }: Names): BandNames => ({ indexes: indexes.subarray(0, count), others })
