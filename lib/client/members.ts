import { bandIndex } from '../image/band-names.js'
import { byBytes, type BandNames } from '../image/band-order.js'
import type { MemberFacts } from '../image/fingerprint.js'
import type { Container } from '../image/image.js'
import { memberTypes, type MemberPart, type MemberTable, type MemberType, type Part } from '../image/member-table.js'
import { tableOf as emptyTable } from '../manifest/columns.js'
import type { RawPath } from '../text/raw-path.js'
import type { Answer } from './answer.js'
import { odd } from './line.js'
import { fromHex } from './words.js'

/** The members of one image on a client, as they stood at one look. */
export interface ClientMembers {
  readonly table: MemberTable
  /** Names of each member, as many as the table has rows. */
  readonly links: Float64Array
  /** Of the bundle's own folder, or of the sparse image; undefined: it is not there. */
  readonly own: MemberFacts | undefined
}

/** By path, and when the client began to look: microseconds since 1970 by its clock. */
export interface ClientFingerprints {
  readonly images: ReadonlyMap<RawPath, ClientMembers>
  readonly lookedAt: number
}

const typeOf: Readonly<Record<string, MemberType>> = { f: 'file', d: 'folder', l: 'link' }
const none: BandNames = { indexes: new Float64Array(0), others: [] }

/**
 * Given the answer to `fingerprints` and which kind each image is, return the members of each. Rows of a client come in
 * no order. Throws OperationalError `client-answer-odd`.
 */
export function readFingerprints({ lines }: Answer, containers: ReadonlyMap<RawPath, Container>): ClientFingerprints {
  const images = new Map<RawPath, ClientMembers>()
  let clock = NaN
  for (let at = 0; at < lines.length;) {
    const line = lines[at] as string
    at += 1
    if (line.startsWith('clock ')) clock = Number(line.slice(6))
    if (!line.startsWith('image ')) continue
    const path = fromHex(line.slice(6))
    if (path === undefined) throw odd('an image has no path')
    const start = at
    while (at < lines.length && (lines[at] as string).startsWith('m ')) at += 1
    const container = containers.get(path)
    if (container !== undefined) images.set(path, membersOf(lines, start, at, container))
  }
  if (Number.isNaN(clock)) throw odd('it does not tell the time')
  return { images, lookedAt: clock * 1_000_000 }
}

/** Where each name of one folder stands among the lines. */
interface Found {
  readonly bands: { readonly index: number; readonly line: number }[]
  readonly others: Map<RawPath, number>
}

function membersOf(lines: readonly string[], start: number, end: number, container: Container): ClientMembers {
  const found: Record<Part, Found> = {
    '': { bands: [], others: new Map() },
    mapped: { bands: [], others: new Map() },
    bands: { bands: [], others: new Map() },
  }
  let own: MemberFacts | undefined
  for (let at = start; at < end; at += 1) {
    const name = nameOf(lines[at] as string)
    if (container === 'sparse-image') own = factsOf(lines[at] as string)
    if (name === '' && container === 'sparse-bundle') own = factsOf(lines[at] as string)
    else place(found, name, at, container)
  }
  const parts: MemberPart[] = []
  const order: number[] = []
  for (const part of ['', 'mapped', 'bands'] as const) {
    const { bands, others } = found[part]
    if (part !== '' && bands.length + others.size === 0 && !isFolder(lines, found[''].others.get(part as RawPath)))
      continue
    bands.sort((one, other) => one.index - other.index)
    const named = byBytes([...others.keys()])
    const indexes = Float64Array.from(bands, ({ index }) => index)
    parts.push({
      part,
      names: part === '' ? { ...none, others: named } : { indexes, others: named },
      start: order.length,
    })
    for (const { line } of bands) order.push(line)
    for (const name of named) order.push(others.get(name) as number)
  }
  return { ...tableOf(lines, order, parts, container), own }
}

function place(found: Record<Part, Found>, name: RawPath, line: number, container: Container): void {
  const slash = container === 'sparse-image' ? -1 : name.indexOf('/')
  if (slash < 0) return void found[''].others.set(name, line)
  const folder = name.slice(0, slash)
  // Members of other folders are no rows of a table; the folder itself is.
  if (folder !== 'bands' && folder !== 'mapped') return
  const inner = name.slice(slash + 1) as RawPath
  const index = bandIndex(inner)
  if (index === undefined || index === Infinity) found[folder].others.set(inner, line)
  else found[folder].bands.push({ index, line })
}

const isFolder = (lines: readonly string[], line: number | undefined): boolean =>
  line !== undefined && (lines[line] as string).startsWith('m d ')

function tableOf(
  lines: readonly string[],
  order: readonly number[],
  parts: readonly MemberPart[],
  container: Container,
): Pick<ClientMembers, 'table' | 'links'> {
  const { length } = order
  const table = emptyTable(container, parts, length)
  const links = new Float64Array(length)
  order.forEach((line, row) => {
    const words = (lines[line] as string).split(' ', 7)
    table.type[row] = memberTypes.indexOf(typeOf[words[1] as string] ?? 'other')
    table.size[row] = whole(words[2])
    table.modified[row] = microseconds(words[3])
    table.changed[row] = microseconds(words[4])
    table.inode[row] = whole(words[5])
    links[row] = whole(words[6])
  })
  return { table, links }
}

function factsOf(line: string): MemberFacts {
  const words = line.split(' ', 7)
  return {
    type: (typeOf[words[1] as string] as MemberFacts['type'] | undefined) ?? 'other',
    size: whole(words[2]),
    modified: microseconds(words[3]) / 1000,
    changed: microseconds(words[4]) / 1000,
    inode: whole(words[5]),
    links: whole(words[6]),
  }
}

/** What follows the seventh blank; a LF in it comes as the byte 01. */
function nameOf(line: string): RawPath {
  let at = 0
  for (let blanks = 0; blanks < 7; blanks += 1) {
    at = line.indexOf(' ', at) + 1
    if (at === 0) throw odd('a member has too few words')
  }
  const name = line.slice(at)
  return (name.includes('\u0001') ? name.replaceAll('\u0001', '\n') : name) as RawPath
}

function whole(word: string | undefined): number {
  const value = Number(word)
  if (word === undefined || word === '' || !Number.isFinite(value)) throw odd(`\`${String(word)}\` is no number`)
  return value
}

/** `1732540000.1234567890`: the fraction is cut to microseconds, as the looks at local files are. */
function microseconds(word: string | undefined): number {
  const [seconds, fraction = ''] = (word ?? '').split('.')
  return whole(seconds) * 1_000_000 + whole(fraction.slice(0, 6).padEnd(6, '0'))
}
