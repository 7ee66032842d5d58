import { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { memberType, nameIn, partLength } from '../image/member-table.js'
import { systemCode } from '../system/file-system-error.js'
import { pieceBytes, readFileThrough } from '../system/read-file.js'
import { withFolder, type Folder } from '../system/folder.js'
import { join, parent } from '../text/raw-path.js'
import type { AuditedCopy } from './copy.js'

/** What reading a copy's files through came to. */
export interface Reading {
  /** For each row: 0 not wrong, 1 may not be read, 2 the disk cannot read it. */
  readonly broken: Uint8Array
  readonly bytes: number
  /** Why the first that could not be read could not. */
  readonly because: string | undefined
}

/**
 * Given a copy and how the next newer one read, read every file of it that the newer one does not share, to its end. Of
 * files they share the newer one's result holds, so that none is read twice.
 */
export function readCopy({ found, members, newer }: AuditedCopy, before: Reading | undefined): Reading {
  const broken = new Uint8Array(members?.length ?? 0)
  let bytes = 0
  let because: string | undefined
  if (members === undefined) return { broken, bytes, because }
  const buffer = Buffer.allocUnsafeSlow(pieceBytes)
  const { path, container } = found.image
  const read = (folder: Folder, part: (typeof members.parts)[number]): void => {
    for (let at = 0; at < partLength(part); at += 1) {
      const row = part.start + at
      if (memberType(members, row) !== 'file') continue
      const known = newer[row] as number
      if (before !== undefined && known >= 0) {
        broken[row] = before.broken[known] as number
        if (broken[row] !== 0) because ??= before.because
        continue
      }
      try {
        bytes += readFileThrough(folder, nameIn(part, at), buffer)
      } catch (error) {
        if (!(error instanceof OperationalError)) throw error
        broken[row] = systemCode(error) === 'EIO' ? 2 : 1
        because ??= error.message
      }
    }
  }
  for (const part of members.parts) {
    try {
      withFolder(container === 'sparse-image' ? parent(path) : join(path, part.part), (folder) => read(folder, part))
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      because ??= error.message
      broken.fill(1, part.start, part.start + partLength(part))
    }
  }
  return { broken, bytes, because }
}
