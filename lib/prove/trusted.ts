import { align } from '../image/member-align.js'
import { lookAgain } from '../look/look-again.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { sameTime } from '../verify/reuse.js'
import { fileNumber, type Pairs } from './pairs.js'
import type { TrustedCopy } from './proof-type.js'

/** A trusted manifest, which of its rows its own copy still holds, and where the members of two tables stand in it. */
export interface Vouching {
  readonly manifest: Manifest
  /** 1: the copy still has that very file there, of that size and time. 2: that file, but of another size or time. */
  readonly standing: Uint8Array
  /** By row of the source, the row of the manifest, or -1. */
  readonly bySource: Int32Array
  /** By row of the copy. */
  readonly byCopy: Int32Array
}

export const standingState = { gone: 0, same: 1, altered: 2 } as const

/**
 * Given a trusted copy's image and manifest and the members of source and new copy, look at the trusted copy again: only
 * an inode that it still holds at the same path cannot have been given to another file meanwhile (12 of 20 fresh files
 * on ext4 repeated inode, size and mtime of a removed one).
 */
export function vouching(image: TrustedCopy['image'], manifest: Manifest, { source, copy }: Pairs): Vouching {
  return {
    manifest,
    standing: standingRows(image, manifest),
    bySource: align(source, manifest.copy),
    byCopy: align(copy, manifest.copy),
  }
}

function standingRows(image: TrustedCopy['image'], { copy }: Manifest): Uint8Array {
  const standing = new Uint8Array(copy.length)
  lookAgain(
    image,
    copy,
    (row) => copy.type[row] === fileNumber,
    (row, now) => {
      if (now.type !== 'file' || copy.inode[row] !== now.inode) return
      const same =
        copy.size[row] === now.size && sameTime(copy.modified[row] as number, Math.floor(now.modified * 1000))
      standing[row] = same ? standingState.same : standingState.altered
    },
  )
  return standing
}
