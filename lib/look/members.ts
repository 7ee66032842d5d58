import { bandIndex, bandName } from '../image/band-names.js'
import type { MemberFacts } from '../image/fingerprint.js'
import { eachName, type Stats } from '../system/folder-looks.js'
import type { Folder } from '../system/folder.js'
import type { RawPath } from '../text/raw-path.js'

const types: Readonly<Record<number, MemberFacts['type']>> = { 0o100000: 'file', 0o040000: 'folder', 0o120000: 'link' }

/** Given an lstat, return what a check needs of it. */
export function facts(stats: Stats): MemberFacts {
  const { size, ino: inode, nlink: links, mtimeMs: modified, ctimeMs: changed } = stats
  // Read from the mode: the methods of Stats cost more than the rest of this.
  const type = types[stats.mode & 0o170000] ?? 'other'
  return { type, size, inode, links, modified, changed }
}

/** Given names, return them sorted by their bytes. */
export const byBytes = (names: readonly RawPath[]): RawPath[] => [...names].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))

/** The names of a `bands` or `mapped` folder: band indexes, ascending, and all other names, by their bytes. */
export interface BandNames {
  readonly indexes: Float64Array
  readonly others: readonly RawPath[]
}

/**
 * Given an open `bands` or `mapped` folder, return its names. As numbers, a hundred thousand of them take a tenth of the
 * memory they take as names, and are sorted in a tenth of the time. Throws OperationalError.
 */
export function bandNames(folder: Folder): BandNames {
  let indexes = new Float64Array(1024)
  let bands = 0
  const others: RawPath[] = []
  eachName(folder, (name) => {
    const index = bandIndex(name)
    if (index === undefined || index === Infinity) {
      others.push(name)
      return
    }
    if (bands === indexes.length) {
      const grown = new Float64Array(bands * 2)
      grown.set(indexes)
      indexes = grown
    }
    indexes[bands++] = index
  })
  return { indexes: indexes.subarray(0, bands).sort(), others: byBytes(others) }
}

/** Given the names of such a folder, yield them in the order a fingerprint asks for. */
export function* inBandOrder({ indexes, others }: BandNames): Generator<RawPath> {
  for (const index of indexes) yield bandName(index)
  yield* others
}
