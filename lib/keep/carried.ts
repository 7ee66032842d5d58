import { align } from '../image/member-align.js'
import type { MemberTable } from '../image/member-table.js'
import { emptyManifest } from '../manifest/columns.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { memberTable } from '../look/member-table.js'
import type { Container } from '../image/image.js'
import { readNanoseconds } from '../look/nanoseconds.js'
import type { RawPath } from '../text/raw-path.js'

/**
 * Given a manifest and an image that was built from its copy, return the manifest of that image: the same digests, other
 * inodes and, where it was cloned, times without nanoseconds. Rows that are not in the new one are left out of what is known.
 */
export function carried(manifest: Manifest, image: RawPath, container: Container): Manifest {
  const copy: MemberTable = memberTable({ path: image, container })
  const rows = align(copy, manifest.copy)
  const next = emptyManifest(copy)
  for (let row = 0; row < copy.length; row += 1) {
    const at = rows[row] as number
    if (at < 0 || manifest.copy.size[at] !== copy.size[row]) continue
    const hasPieces = manifest.pieces.known > 0
    if (hasPieces) Object.assign(next.pieces, manifest.pieces)
    if (manifest.known[at] !== 1 && !hasPieces) continue
    next.known[row] = manifest.known[at] as number
    manifest.digests.copy(next.digests, row * 32, at * 32, at * 32 + 32)
    if (manifest.source.usable[at] !== 1) continue
    next.source.usable[row] = 1
    for (const column of ['modified', 'changed', 'inode'] as const) {
      next.source[column][row] = manifest.source[column][at] as number
    }
  }
  readNanoseconds(image, next, new Uint8Array(copy.length))
  return next
}
