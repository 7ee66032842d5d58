import { Buffer } from 'node:buffer'

/** A file that grows is compared in pieces of this many bytes; the last one is shorter. */
export const pieceBytes = 8 * 1024 * 1024

/** As many as are remembered: 32 TiB, in 128 MiB of digests. */
export const mostPieces = 4 * 1024 * 1024

/** What is known of a sparse image's bytes, piece by piece from its start on. */
export interface Pieces {
  /** 32 bytes a piece, sha256 of the copy's bytes; worth something for the first `known` pieces. */
  digests: Buffer
  known: number
  /** The source held the same bytes in this many pieces when its member looked as the row's source columns say. */
  equal: number
}

/** Given a file's length in bytes, return in how many pieces it is compared; an empty one is one piece. */
export const pieceCount = (size: number): number => Math.max(1, Math.ceil(size / pieceBytes))

export const noPieces = (): Pieces => ({ digests: Buffer.alloc(0), known: 0, equal: 0 })
