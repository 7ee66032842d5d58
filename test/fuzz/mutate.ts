import { Buffer } from 'node:buffer'
import type { Random } from './random.js'

const mebibyte = 1024 * 1024

/** Edges of what fields hold: of signed and unsigned ones, of blocks and sectors. */
const edges = [
  ...[
    0, 1, 2, 3, 7, 8, 15, 16, 31, 127, 128, 255, 256, 511, 512, 513, 4095, 4096, 4097, 32_767, 32_768, 65_535, 65_536,
  ],
  ...[0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 2 ** 32, 2 ** 40, 2 ** 53 - 1, 2 ** 53, 2 ** 63],
].map((edge) => BigInt(edge))
const allOnes = 2n ** 64n - 1n
const numbers = ['0', '1', '-1', '00', '4294967296', '9007199254740992', '99999999999999999999', '1e9', '0x10', '']

/** Given bytes, another input of the same kind and words of it, return them changed in one to eight ways. */
export function mutate(bytes: Buffer, other: Buffer, words: readonly string[], random: Random): Buffer {
  let changed: Buffer = Buffer.from(bytes)
  for (let left = 1 + random.below(random.once(4) ? 8 : 3); left > 0; left -= 1)
    changed = once(changed, other, words, random)
  // Now and then as long as anything that is read whole may be, so that what takes the square of the length shows.
  return random.once(2000) ? longer(changed, random) : changed
}

function once(bytes: Buffer, other: Buffer, words: readonly string[], random: Random): Buffer {
  const at = random.below(bytes.length + 1)
  const length = 1 + random.below(random.once(3) ? 600 : 16)
  switch (random.below(words.length === 0 ? 9 : 12)) {
    case 0:
      if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << random.below(8))
      return bytes
    case 1:
      if (at < bytes.length) bytes[at] = random.below(256)
      return bytes
    case 2:
    case 3:
      return withNumber(bytes, at, random)
    case 4:
      return bytes.fill(random.pick([0, 0xff, 0x20]), at, Math.min(bytes.length, at + length))
    case 5:
      return spliced(bytes, at, 0, part(bytes, random, length))
    case 6:
      return spliced(bytes, at, length, part(random.once(2) ? bytes : other, random, length))
    case 7:
      return spliced(bytes, at, random.once(8) ? bytes.length : length, Buffer.alloc(0))
    case 8:
      part(random.once(2) ? bytes : other, random, length).copy(bytes, at)
      return bytes
    case 9:
      return spliced(bytes, at, 0, Buffer.from(random.pick(words), 'latin1'))
    case 10:
      return withDecimal(bytes, at, random)
    default:
      return swappedLines(bytes, random)
  }
}

function withNumber(bytes: Buffer, at: number, random: Random): Buffer {
  const size = random.pick([1, 2, 4, 4, 8])
  const start = random.once(4) ? at : at - (at % size)
  const value = random.once(3) ? BigInt(random.below(2 ** 32)) : random.once(5) ? allOnes : random.pick(edges)
  const number = Buffer.alloc(8)
  number.writeBigUInt64LE(value & allOnes)
  const field = number.subarray(0, size)
  ;(random.once(2) ? field : field.reverse()).copy(bytes, start)
  return bytes
}

function part(bytes: Buffer, random: Random, length: number): Buffer {
  const at = random.below(bytes.length + 1)
  return Buffer.from(bytes.subarray(at, at + length))
}

const spliced = (bytes: Buffer, at: number, remove: number, insert: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)])

/** The first digits from there on become another number. */
function withDecimal(bytes: Buffer, at: number, random: Random): Buffer {
  let start = at
  while (start < bytes.length && !isDigit(bytes[start] as number)) start += 1
  let end = start
  while (end < bytes.length && isDigit(bytes[end] as number)) end += 1
  return spliced(bytes, start, end - start, Buffer.from(random.pick(numbers)))
}

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57

function swappedLines(bytes: Buffer, random: Random): Buffer {
  const lines = bytes.toString('latin1').split('\n')
  const [one, other] = [random.below(lines.length), random.below(lines.length)]
  ;[lines[one], lines[other]] = [lines[other] as string, lines[one] as string]
  if (random.once(3)) lines.splice(random.below(lines.length), 1)
  return Buffer.from(lines.join('\n'), 'latin1')
}

function longer(bytes: Buffer, random: Random): Buffer {
  const piece = part(bytes, random, 1 + random.below(200))
  if (piece.length === 0) return bytes
  const times = Math.floor((mebibyte - bytes.length) / piece.length)
  return spliced(
    bytes,
    random.below(bytes.length + 1),
    0,
    Buffer.concat(Array.from({ length: Math.max(0, times) }, () => piece)),
  )
}
