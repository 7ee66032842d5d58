import type { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'

const blockWords = 16
const initial = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0] as const
const [innerPad, outerPad] = [0x36363636, 0x5c5c5c5c]
const padded = 0x80000000

/** 32-bit words of a start vector. */
export const vectorWords = 4

/**
 * Given the key of an image's start vectors, return a function that computes them: the first 16 bytes of HMAC-SHA1 (FIPS
 * 198-1 over FIPS 180-4) of a block's number, 32 bits, big-endian. It puts them into `into` from a word on, each word as
 * the bytes lie in memory. Node's own HMAC takes eight times as long for four bytes, and a GiB can have two million blocks.
 */
export function startVectors(key: Buffer): (block: number, into: Int32Array, at: number) => void {
  const short = key.length > blockWords * 4 ? createHash('sha1').update(key).digest() : key
  const keyWords = new Int32Array(blockWords)
  for (let at = 0; at < short.length; at += 1) {
    keyWords[at >> 2] = (keyWords[at >> 2] as number) | ((short[at] as number) << (24 - (at & 3) * 8))
  }
  const words = new Int32Array(80)
  const stateAfter = (pad: number): Int32Array => {
    const state = Int32Array.from(initial)
    for (let at = 0; at < blockWords; at += 1) words[at] = (keyWords[at] as number) ^ pad
    compress(state, words)
    return state
  }
  const [inner, outer] = [stateAfter(innerPad), stateAfter(outerPad)]
  keyWords.fill(0)
  const state = new Int32Array(initial.length)

  return (block, into, at) => {
    words.fill(0, 0, blockWords)
    words[0] = block
    words[1] = padded
    words[15] = (blockWords * 4 + 4) * 8
    state.set(inner)
    compress(state, words)
    words.fill(0, 0, blockWords)
    words.set(state)
    words[initial.length] = padded
    words[15] = (blockWords * 4 + initial.length * 4) * 8
    state.set(outer)
    compress(state, words)
    for (let word = 0; word < vectorWords; word += 1) into[at + word] = inMemory(state[word] as number)
  }
}

/** One block of SHA-1: the first 16 of 80 words are the message. */
function compress(state: Int32Array, words: Int32Array): void {
  for (let at = blockWords; at < 80; at += 1) {
    const mixed =
      (words[at - 3] as number) ^ (words[at - 8] as number) ^ (words[at - 14] as number) ^ (words[at - 16] as number)
    words[at] = (mixed << 1) | (mixed >>> 31)
  }
  let a = state[0] as number
  let b = state[1] as number
  let c = state[2] as number
  let d = state[3] as number
  let e = state[4] as number
  for (let at = 0; at < 80; at += 1) {
    const f = at < 20 ? (b & c) | (~b & d) : at < 40 || at >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d)
    const k = at < 20 ? 0x5a827999 : at < 40 ? 0x6ed9eba1 : at < 60 ? 0x8f1bbcdc : 0xca62c1d6
    const next = (((a << 5) | (a >>> 27)) + f + e + k + (words[at] as number)) | 0
    e = d
    d = c
    c = (b << 30) | (b >>> 2)
    b = a
    a = next
  }
  state[0] = (state[0] as number) + a
  state[1] = (state[1] as number) + b
  state[2] = (state[2] as number) + c
  state[3] = (state[3] as number) + d
  state[4] = (state[4] as number) + e
}

const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

function inMemory(word: number): number {
  if (!littleEndian) return word
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}
