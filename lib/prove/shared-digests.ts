import { Buffer } from 'node:buffer'
import type { MemberTable } from '../image/member-table.js'
import { mostPieces, pieceCount } from '../manifest/pieces.js'
import { fileNumber } from './pairs.js'

/** Given a number of rows, return room for their digests, 32 bytes each, that threads can write into. */
export const sharedDigests = (rows: number): Buffer => Buffer.from(new SharedArrayBuffer(Math.max(1, rows) * 32))

/** Given an image, return room for the digests of its pieces; of a bundle, and of what is no file, there are none. */
export function roomForPieces({ container, type, size }: MemberTable): Buffer {
  const isFile = container === 'sparse-image' && type[0] === fileNumber
  return sharedDigests(isFile ? Math.min(mostPieces, pieceCount(size[0] as number)) : 0)
}
