import type { Manifest } from './manifest-type.js'
import { isListed } from './mtree-text.js'

const chunkLength = 64 * 1024

export interface FingerprintHead {
  readonly schema: 'fingerprints/1'
  readonly slot: string
  readonly rows: number
}

/**
 * Given a manifest and its slot, yield the fingerprints as JSON Lines: a head, then for each row of the mtree that is no
 * folder `[inode of the copy]` or `[inode of the copy, size, mtime, ctime, inode of the source]`, times in whole
 * microseconds since 1970. The second form says: the source's member held the same bytes when it looked like this.
 */
export function* fingerprintText(manifest: Manifest, slot: string): Generator<string> {
  const { copy, source } = manifest
  let rows = 0
  for (let row = 0; row < copy.length; row += 1) if (isListed(manifest, row)) rows += 1
  const head: FingerprintHead = { schema: 'fingerprints/1', slot, rows }
  let text = `${JSON.stringify(head)}\n`
  for (let row = 0; row < copy.length; row += 1) {
    if (!isListed(manifest, row)) continue
    text += `[${String(copy.inode[row])}`
    if (source.usable[row] === 1) {
      text += `,${String(source.size[row])},${String(source.modified[row])},${String(source.changed[row])},${String(source.inode[row])}`
    }
    text += ']\n'
    if (text.length < chunkLength) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}
