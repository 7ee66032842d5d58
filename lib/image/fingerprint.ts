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

/** Digests of one look at an image, each sha256 in hex. */
export interface Digests {
  /** Two equal ones: nothing was changed between the looks. */
  readonly fingerprint: string
  /**
   * Over what rsync keeps: names, types, and of files size and mtime in whole seconds (all that HFS+ and older rsyncs
   * store). Two equal ones: the same members, of the same sizes and times, wherever they lie. Times of folders, links
   * and special files are left out: those of folders differ harmlessly, and older rsyncs do not keep those of links.
   */
  readonly listing: string
}

const types = { file: 0, folder: 1, link: 2, other: 3 } as const
const chunkLength = 64 * 1024
// A type and two numbers; three numbers, with the size of what is no file a fourth.
const listingRow = 1 + 2 * 8
const restRow = 4 * 8

/**
 * Digests of a look at an image. One row for each member, in the order the members are given, which is: the bundle's own
 * folder first (names by their bytes), then `mapped/`, then `bands/` (numbers ascending, other names after them by their
 * bytes). The two folders begin with a row of their name and a slash.
 *
 * The listing's row is the name as bytes, a zero byte, a byte for the type and, of files, size and seconds as
 * little-endian doubles. What else the fingerprint covers has rows of its own: inode, mtime, ctime and, of what is no
 * file, size. The fingerprint is the digest of both digests, so that no byte is hashed twice. The number of links and
 * the time of last access are left out.
 */
export interface Fingerprint {
  enter(folder: 'mapped' | 'bands'): void
  add(name: RawPath, facts: MemberFacts): void
  /** Ends it: nothing may be added, and no digests be asked for, after this. */
  digests(): Digests
}

/** Return a fingerprint of no members. */
export function fingerprint(): Fingerprint {
  const listing = hashedChunk()
  const rest = hashedChunk()
  const writeName = (name: string): void => {
    if (name.length + 1 + listingRow > chunkLength) throw new RangeError('no file system has names this long')
    listing.makeRoom(name.length + 1 + listingRow)
    listing.name(name)
  }
  return {
    enter(folder) {
      writeName(`${folder}/`)
    },
    add(name, { type, size, inode, modified, changed }) {
      writeName(name)
      listing.byte(types[type])
      rest.makeRoom(restRow)
      rest.number(inode)
      rest.number(modified)
      rest.number(changed)
      if (type === 'file') {
        listing.number(size)
        listing.number(Math.floor(modified / 1000))
      } else rest.number(size)
    },
    digests() {
      const [listed, others] = [listing.digest(), rest.digest()]
      return {
        fingerprint: createHash('sha256').update(listed).update(others).digest('hex'),
        listing: listed.toString('hex'),
      }
    },
  }
}

/** Bytes on their way into a sha256, handed over in large pieces: a call for each row costs more than the hashing. */
function hashedChunk() {
  const hash = createHash('sha256')
  const chunk = Buffer.allocUnsafeSlow(chunkLength)
  const view = new DataView(chunk.buffer)
  let filled = 0
  const flush = (): void => {
    hash.update(chunk.subarray(0, filled))
    filled = 0
  }
  return {
    makeRoom(length: number): void {
      if (filled + length > chunkLength) flush()
    },
    name(name: string): void {
      for (let at = 0; at < name.length; at += 1) chunk[filled++] = name.charCodeAt(at)
      chunk[filled++] = 0
    },
    byte(value: number): void {
      chunk[filled++] = value
    },
    number(value: number): void {
      view.setFloat64(filled, value, true)
      filled += 8
    },
    digest(): Buffer {
      flush()
      return hash.digest()
    },
  }
}
