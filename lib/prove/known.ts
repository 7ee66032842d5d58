import type { Buffer } from 'node:buffer'
import type { Pairs } from './pairs.js'
import { roomForPieces, sharedDigests } from './shared-digests.js'

/** Digests known without reading, and what is to be known of them later. */
export interface Known {
  /** Of the source, 32 bytes a row. */
  readonly digests: Buffer
  /** By row, see `sourceState`. */
  readonly source: Uint8Array
  /** Of the source of a sparse image: 32 bytes a piece, and how many are known from its start on. */
  readonly pieces: { readonly digests: Buffer; known: number }
  /** 1: the copy's digest was taken from a trusted manifest. */
  readonly copy: Uint8Array
  /** Where each file of the copy is from, see `originState`. */
  readonly origins: Uint8Array
  /** How many digests were taken. */
  reused: number
}

/** What is known of a source's digest: nothing, itself, or that it is the copy's. */
export const sourceState = { unknown: 0, known: 1, asCopy: 2 } as const

export const nothingKnown = ({ source, copy }: Pairs): Known => ({
  digests: sharedDigests(source.length),
  source: new Uint8Array(source.length),
  pieces: { digests: roomForPieces(source), known: 0 },
  copy: new Uint8Array(copy.length),
  origins: new Uint8Array(copy.length),
  reused: 0,
})
