import { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { pieceBytes } from '../manifest/pieces.js'
import { openSide, type PieceReader, type PieceSide } from './piece-reader.js'

/** A sparse image and its copy, to be read piece by piece. The typed arrays are shared by all who work on the order. */
export interface PieceOrder {
  readonly sides: readonly PieceSide[]
  /** The sides that this thread reads. Where another one reads the other side, neither is far ahead. */
  readonly mine: readonly number[]
  /** How many pieces there are. */
  readonly pieces: number
  /** For each side, the piece that is begun next; -1: its thread gave up. */
  readonly begun: Int32Array
  /** For each side, how many pieces are known, from the first on. */
  readonly done: Int32Array
  /** No piece is begun after this moment, milliseconds since 1970. */
  readonly deadline: number
}

export interface PieceAnswer {
  readonly bytes: number
  /** For each side: the digest of the whole file was found out. */
  readonly whole: boolean[]
  /** Why it could not be read, for each side. */
  readonly failures: (string | undefined)[]
}

// So many pieces two disks may drift apart: what only one side has read at the deadline proves nothing.
const ahead = 3
const second = 1000

/** Given an order, read this thread's sides by turns until all is read, one of them cannot be, or the time is over. */
export function hashPieces({ sides, mine, pieces, begun, done, deadline }: PieceOrder): PieceAnswer {
  const answer: PieceAnswer = { bytes: 0, whole: [], failures: sides.map(() => undefined) }
  const readers: PieceReader[] = []
  let { bytes } = answer
  let [side, gaveUp] = [0, true]
  try {
    for (side of mine) readers.push(openSide(sides[side] as PieceSide))
    const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(pieceBytes, sides[0]?.size ?? 0)))
    const first = Math.min(...mine.map((one) => done[one] as number))
    for (let piece = first; piece < pieces; piece += 1) {
      // Looked at between two pairs: one thread leaves whole ones.
      if (Date.now() > deadline || !isNear(piece, 1 - (mine[0] as number))) break
      for (const [at, reader] of readers.entries()) {
        side = mine[at] as number
        if (piece < (done[side] as number)) continue
        Atomics.store(begun, side, piece + 1)
        Atomics.notify(begun, side)
        bytes += reader.hash(piece, buffer)
        done[side] = piece + 1
      }
    }
    for (const [at, reader] of readers.entries()) {
      side = mine[at] as number
      answer.whole[side] = done[side] === pieces && reader.finish()
    }
    gaveUp = false
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    answer.failures[side] = error.message
  } finally {
    for (const one of mine) {
      if (gaveUp) Atomics.store(begun, one, -1)
      Atomics.notify(begun, one)
    }
    for (const reader of readers) reader.close()
  }
  return { ...answer, bytes }

  /** Waits for the other side's thread; false where it gave up or the time is over. */
  function isNear(piece: number, other: number): boolean {
    while (!mine.includes(other)) {
      const there = Atomics.load(begun, other)
      if (there < 0 || Date.now() > deadline) return false
      if (piece <= there + ahead) return true
      Atomics.wait(begun, other, there, second)
    }
    return true
  }
}
