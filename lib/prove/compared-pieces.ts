import { Buffer } from 'node:buffer'
import type { Manifest } from '../manifest/manifest-type.js'
import { pieceCount } from '../manifest/pieces.js'
import type { Known } from './known.js'
import type { Pairs } from './pairs.js'

/** What is known of a sparse image and its copy, piece by piece. */
export interface ComparedPieces {
  readonly all: number
  /** Pieces known on both sides, from the first on. */
  readonly compared: number
  /** How many of these are equal, from the first on. */
  readonly equal: number
  /** Those that differ, at most twenty. */
  readonly differing: readonly number[]
}

const most = 20

/** Given what is known of both sides, compare their pieces. */
export function comparedPieces({ source }: Pairs, known: Known, { pieces }: Manifest): ComparedPieces {
  const compared = Math.min(known.pieces.known, pieces.known)
  const differing: number[] = []
  for (let piece = 0; piece < compared && differing.length < most; piece += 1) {
    const [start, end] = [piece * 32, piece * 32 + 32]
    if (Buffer.compare(known.pieces.digests.subarray(start, end), pieces.digests.subarray(start, end)) !== 0) {
      differing.push(piece)
    }
  }
  return { all: pieceCount(source.size[0] as number), compared, equal: differing[0] ?? compared, differing }
}
