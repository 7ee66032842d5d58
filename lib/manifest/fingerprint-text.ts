import type { Manifest } from './manifest-type.js'
import { isListed } from './mtree-text.js'
import { pieceBytes } from './pieces.js'

const chunkLength = 64 * 1024

export interface FingerprintHead {
  readonly schema: 'fingerprints/1'
  readonly slot: string
  readonly rows: number
  /** Of a sparse image of which pieces are known: their length in bytes, how many, and in how many the source is equal. */
  readonly pieceBytes?: number
  readonly pieces?: number
  readonly equal?: number
}

/**
 * Given a manifest and its slot, yield the fingerprints as JSON Lines: a head, then for each row of the mtree that is no
 * folder `[inode of the copy]` or `[inode of the copy, size, mtime, ctime, inode of the source]`, times in whole
 * microseconds since 1970. The second form says: the source's member held the same bytes when it looked like this. After
 * the one row of a sparse image follows `"sha256"` for each piece of the copy that is known, from its start on; the second
 * form then speaks of the first `equal` pieces only.
 */
export function* fingerprintText(manifest: Manifest, slot: string): Generator<string> {
  const { copy, source, pieces } = manifest
  let rows = 0
  for (let row = 0; row < copy.length; row += 1) if (isListed(manifest, row)) rows += 1
  const inPieces = pieces.known > 0 ? { pieceBytes, pieces: pieces.known, equal: pieces.equal } : {}
  const head: FingerprintHead = { schema: 'fingerprints/1', slot, rows, ...inPieces }
  let text = `${JSON.stringify(head)}\n`
  for (let row = 0; row < copy.length; row += 1) {
    if (!isListed(manifest, row)) continue
    text += `[${String(copy.inode[row])}`
    if (source.usable[row] === 1) {
      text += `,${String(copy.size[row])},${String(source.modified[row])},${String(source.changed[row])},${String(source.inode[row])}`
    }
    text += ']\n'
    if (text.length < chunkLength) continue
    yield text
    text = ''
  }
  for (let piece = 0; piece < pieces.known; piece += 1) {
    text += `"${pieces.digests.toString('hex', piece * 32, piece * 32 + 32)}"\n`
    if (text.length < chunkLength) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}
