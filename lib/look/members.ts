import { bandIndex } from '../image/band-names.js'
import { byBytes, type BandNames } from '../image/band-order.js'
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
