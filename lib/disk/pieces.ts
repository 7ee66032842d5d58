/** Bytes that are read and handed on at a time: what a processor's cache holds is decrypted twice as fast as 8 MiB. */
export const pieceBytes = 512 * 1024

/** A part of a disk, in bytes. */
export interface Range {
  readonly offset: number
  readonly length: number
}

/** One piece of a range: its bytes, or undefined where nothing was ever written in it. Valid until the next is asked for. */
export interface Piece extends Range {
  readonly bytes: Buffer | undefined
}

/** Given a range, return how many pieces it has. */
export const pieceCount = ({ length }: Range): number => Math.ceil(length / pieceBytes)

/** Given a range and the number of a piece, return where that lies. */
export function pieceAt({ offset, length }: Range, number: number): Range {
  const from = number * pieceBytes
  return { offset: offset + from, length: Math.min(pieceBytes, length - from) }
}
