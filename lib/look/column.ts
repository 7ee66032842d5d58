import { inBandOrder, type BandNames } from '../image/band-order.js'
import type { MemberFacts } from '../image/fingerprint.js'
import { lookAtAll } from '../system/folder-looks.js'
import type { Folder } from '../system/folder.js'
import type { RawPath } from '../text/raw-path.js'
import { bandNames, facts } from './members.js'

/** What stands at one place of a Column; `gone`: vanished after it was listed; `unseen`: could not be looked at. */
export type Standing = MemberFacts['type'] | 'gone' | 'unseen'

const standings: readonly Standing[] = ['file', 'folder', 'link', 'other', 'gone', 'unseen']
const places = Object.fromEntries(standings.map((standing, at) => [standing, at])) as Record<Standing, number>

/** The members of one folder in a fingerprint's order, as numbers: a million of them take 17 MB and their names 8. */
export interface Column {
  readonly names: BandNames
  readonly length: number
  standing(at: number): Standing
  size(at: number): number
  /** mtime in whole seconds since 1970. */
  seconds(at: number): number
  /** Why the first unseen one could not be looked at. */
  readonly because: string | undefined
}

/** Given an open folder, look at all its members. Throws OperationalError where it cannot be listed. */
export const columnOf = (folder: Folder): Column => lookAtColumn(folder, bandNames(folder))

/** Given an open folder and names in it, look at these members only. */
export function lookAtColumn(folder: Folder, names: BandNames): Column {
  const length = names.indexes.length + names.others.length
  const standing = new Uint8Array(length)
  const sizes = new Float64Array(length)
  const seconds = new Float64Array(length)
  let at = 0
  let because: string | undefined
  lookAtAll(folder, inBandOrder(names), (_name, stats, error) => {
    if (stats === undefined) {
      standing[at] = places[error === undefined ? 'gone' : 'unseen']
      because ??= error?.message
    } else {
      const { type, size, modified } = facts(stats)
      standing[at] = places[type]
      sizes[at] = size
      seconds[at] = Math.floor(modified / 1000)
    }
    at += 1
  })
  return {
    names,
    length,
    standing: (place) => standings[standing[place] as number] as Standing,
    size: (place) => sizes[place] as number,
    seconds: (place) => seconds[place] as number,
    because,
  }
}

/** Receives a name and its place in each column, undefined where that column has no such member. */
export type Pair = (name: RawPath, source: number | undefined, copy: number | undefined) => void

/** Given two columns, hand each name of either to `pair`, in a fingerprint's order. */
export function pairUp(source: Column, copy: Column, pair: Pair): void {
  const sources = placed(source)
  const copies = placed(copy)
  let [mine, other] = [sources.next(), copies.next()]
  while (mine.done !== true || other.done !== true) {
    const order = mine.done === true ? 1 : other.done === true ? -1 : inOrder(mine.value, other.value)
    const name = (order <= 0 ? mine.value : other.value) as Placed
    pair(name.name, order <= 0 ? mine.value?.at : undefined, order >= 0 ? other.value?.at : undefined)
    if (order <= 0) mine = sources.next()
    if (order >= 0) other = copies.next()
  }
}

interface Placed {
  readonly name: RawPath
  readonly at: number
  /** Infinity of a name that is no band's. */
  readonly index: number
}

function* placed({ names }: Column): Generator<Placed, undefined> {
  let at = 0
  for (const name of inBandOrder(names)) yield { name, at, index: names.indexes[at++] ?? Infinity }
}

function inOrder(one: Placed, other: Placed): number {
  if (one.index !== other.index) return one.index < other.index ? -1 : 1
  return one.name === other.name ? 0 : one.name < other.name ? -1 : 1
}
