import { createHash } from 'node:crypto'
import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Container } from '../../../lib/image/image.js'
import { memberName, memberType } from '../../../lib/image/member-table.js'
import { memberTable } from '../../../lib/look/member-table.js'
import { emptyManifest } from '../../../lib/manifest/columns.js'
import type { Manifest } from '../../../lib/manifest/manifest-type.js'
import { fromText, toBytes } from '../../../lib/text/raw-path.js'

/** Given an image, return its manifest with every digest, each row's source being the copy itself. */
export function manifestOf(path: string, container: Container = 'sparse-bundle'): Manifest {
  const manifest = emptyManifest(memberTable({ path: fromText(path), container }))
  const { copy, source } = manifest
  for (let row = 0; row < copy.length; row += 1) {
    if (memberType(copy, row) !== 'file') continue
    const file = container === 'sparse-image' ? path : join(path, '.')
    const bytes =
      container === 'sparse-image'
        ? toBytes(fromText(file))
        : Buffer.concat([toBytes(fromText(`${path}/`)), toBytes(memberName(copy, row))])
    createHash('sha256')
      .update(readFileSync(bytes))
      .digest()
      .copy(manifest.digests, row * 32)
    manifest.known[row] = 1
    // As the product reads them back: doubles of milliseconds may be off by one microsecond.
    const { mtimeNs } = lstatSync(bytes, { bigint: true })
    const rest = ((mtimeNs % 1000n) + 1000n) % 1000n
    manifest.nanoseconds[row] = Number(rest)
    copy.modified[row] = Number((mtimeNs - rest) / 1000n)
    source.usable[row] = 1
    source.modified[row] = copy.modified[row] as number
    source.changed[row] = copy.changed[row] as number
    source.inode[row] = copy.inode[row] as number
  }
  return manifest
}

/** Given a manifest, return it row by row in plain words, without the column that no file keeps. */
export function rows({ copy, nanoseconds, digests, known, source }: Manifest): unknown[] {
  return Array.from({ length: copy.length }, (_, row) => ({
    name: memberName(copy, row),
    type: memberType(copy, row),
    ...(memberType(copy, row) === 'file'
      ? {
          size: copy.size[row],
          time: [copy.modified[row], nanoseconds[row]],
          digest: known[row] === 1 ? digests.toString('hex', row * 32, row * 32 + 32) : '',
          inode: copy.inode[row],
          source: source.usable[row] === 1 ? [source.modified[row], source.changed[row], source.inode[row]] : [],
        }
      : {}),
  }))
}
