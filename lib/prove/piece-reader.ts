import type { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { OperationalError } from '../finding/operational-error.js'
import { pieceBytes } from '../manifest/pieces.js'
import { withFolder } from '../system/folder.js'
import { holdFile } from '../system/held-file.js'
import { printable } from '../text/printable.js'
import { baseName, parent, type RawPath } from '../text/raw-path.js'

/** A sparse image or its copy, as it was when it was looked at. */
export interface PieceSide {
  readonly path: RawPath
  readonly inode: number
  readonly size: number
  /** 32 bytes a piece; shared with whoever gave the order. */
  readonly digests: Uint8Array
  /** 32 bytes for the digest of the whole file, where that is wanted; shared too. */
  readonly whole?: Uint8Array
}

export interface PieceReader {
  /** Puts the sha256 of that piece among the digests; returns how many bytes it had. Throws OperationalError. */
  readonly hash: (piece: number, buffer: Buffer) => number
  /** Puts the digest of the whole file in its place; false where not every piece was read, in order, or nobody wants it. */
  readonly finish: () => boolean
  readonly close: () => void
}

/** Given a side, open its file, which must be the one that was looked at. Throws OperationalError. */
export function openSide({ path, inode, size, digests, whole }: PieceSide): PieceReader {
  const file = withFolder(parent(path), (folder) => holdFile(folder, baseName(path)))
  if (file.stats.ino !== inode || file.stats.size !== size) {
    file.close()
    throw replaced(path)
  }
  const all = createHash('sha256')
  let read = 0
  return {
    hash(piece, buffer) {
      const offset = piece * pieceBytes
      const bytes = file.read(buffer.subarray(0, Math.min(pieceBytes, size - offset)), offset)
      digests.set(createHash('sha256').update(bytes).digest(), piece * 32)
      if (whole !== undefined && read === offset) all.update(bytes)
      if (read === offset) read += bytes.length
      return bytes.length
    },
    finish() {
      if (whole === undefined || read !== size) return false
      whole.set(all.digest())
      return true
    },
    close: () => file.close(),
  }
}

const replaced = (path: RawPath): OperationalError =>
  new OperationalError(
    'file-replaced',
    `${printable(path)} was replaced or written while it was compared.`,
    'It is compared again in the next run.',
  )
