import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { RawPath } from '../text/raw-path.js'

/** What is looked at of one member. Sizes in bytes, times in milliseconds since 1970, exact to the microsecond. */
export interface MemberFacts {
  readonly type: 'file' | 'folder' | 'link' | 'other'
  readonly size: number
  readonly inode: number
  readonly links: number
  readonly modified: number
  readonly changed: number
}

const types = { file: 0, folder: 1, link: 2, other: 3 } as const
const chunkLength = 64 * 1024
const longestRow = 6 * 8

/**
 * Digest of a look at an image. One row for each member, in the order the members are given, which is: the bundle's own
 * folder first (names by their bytes), then `mapped/`, then `bands/` (numbers ascending, other names after them by their
 * bytes). The two folders begin with a row of their name and a slash. A row is the name as bytes, a zero byte, then type, size, inode, mtime and ctime as little-endian doubles. The
 * number of links and the time of last access are left out.
 */
export interface Fingerprint {
  enter(folder: 'mapped' | 'bands'): void
  add(name: RawPath, facts: MemberFacts): void
  /** sha256 in hex. */
  digest(): string
}

/** Return a fingerprint of no members. */
export function fingerprint(): Fingerprint {
  const hash = createHash('sha256')
  const chunk = Buffer.allocUnsafeSlow(chunkLength)
  const view = new DataView(chunk.buffer)
  let filled = 0
  const flush = (): void => {
    hash.update(chunk.subarray(0, filled))
    filled = 0
  }
  const writeName = (name: string): void => {
    if (name.length + longestRow > chunkLength) throw new RangeError('no file system has names this long')
    if (filled + name.length + longestRow > chunkLength) flush()
    for (let at = 0; at < name.length; at += 1) chunk[filled++] = name.charCodeAt(at)
    chunk[filled++] = 0
  }
  return {
    enter(folder) {
      writeName(`${folder}/`)
    },
    add(name, facts) {
      writeName(name)
      view.setFloat64(filled, types[facts.type], true)
      view.setFloat64(filled + 8, facts.size, true)
      view.setFloat64(filled + 16, facts.inode, true)
      view.setFloat64(filled + 24, facts.modified, true)
      view.setFloat64(filled + 32, facts.changed, true)
      filled += 40
    },
    digest() {
      flush()
      return hash.digest('hex')
    },
  }
}
