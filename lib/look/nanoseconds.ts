import { OperationalError } from '../finding/operational-error.js'
import { memberTypes, nameIn, partLength, type MemberPart } from '../image/member-table.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { modifiedNanoseconds } from '../system/folder-looks.js'
import { withFolder } from '../system/folder.js'
import { join, parent, type RawPath } from '../text/raw-path.js'

const file = memberTypes.indexOf('file')

/**
 * Given a copy, its manifest and which rows have their nanoseconds already (1), read the others' times back, exactly. A
 * folder that vanished meanwhile keeps zeros. A member that was written since it was listed keeps the time it had, so
 * that later looks see that it was altered, and its digest is dropped: it need not be that of the bytes there now.
 */
export function readNanoseconds(copy: RawPath, manifest: Manifest, known: Uint8Array): void {
  const { copy: table } = manifest
  for (const part of table.parts) {
    const rows: number[] = []
    for (let at = 0; at < partLength(part); at += 1) {
      if (table.type[part.start + at] === file && known[part.start + at] !== 1) rows.push(at)
    }
    if (rows.length > 0) fill(copy, manifest, part, rows)
  }
}

function fill(copy: RawPath, manifest: Manifest, part: MemberPart, rows: readonly number[]): void {
  const { copy: table, nanoseconds } = manifest
  const path = table.container === 'sparse-image' ? parent(copy) : join(copy, part.part)
  try {
    withFolder(path, (folder) => {
      for (const at of rows) {
        const time = modifiedNanoseconds(folder, nameIn(part, at))
        if (time === undefined) continue
        const rest = ((time % 1000n) + 1000n) % 1000n
        const modified = Number((time - rest) / 1000n)
        const row = part.start + at
        // Doubles of milliseconds may be off by a quarter of a microsecond, which can be another whole one.
        if (Math.abs(modified - (table.modified[row] as number)) > 1) {
          forget(manifest, row)
          continue
        }
        nanoseconds[row] = Number(rest)
        table.modified[row] = modified
      }
    })
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
  }
}

function forget({ known, source, pieces }: Manifest, row: number): void {
  known[row] = 0
  pieces.known = 0
  pieces.equal = 0
  for (const column of [source.usable, source.modified, source.changed, source.inode]) column[row] = 0
}
