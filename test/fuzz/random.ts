import { Buffer } from 'node:buffer'

/** Numbers that are the same for the same seed. */
export interface Random {
  /** A whole number from 0 up to, not including, `below`. */
  below(below: number): number
  /** True once in so many times. */
  once(inSoMany: number): boolean
  pick<Item>(items: readonly Item[]): Item
  bytes(length: number): Buffer
}

/** Given a text, return numbers that follow from it (sfc32 over a hash of the text). */
export function randomOf(text: string): Random {
  let [a, b, c, counter] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 1]
  const next = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let at = 0; at < text.length; at += 1) {
    a ^= text.charCodeAt(at)
    next()
  }
  for (let round = 0; round < 12; round += 1) next()
  const below = (limit: number): number => Math.floor((next() / 2 ** 32) * limit)
  return {
    below,
    once: (inSoMany) => below(inSoMany) === 0,
    pick: (items) => items[below(items.length)] as never,
    bytes(length) {
      const bytes = Buffer.alloc(length)
      for (let at = 0; at < length; at += 1) bytes[at] = next()
      return bytes
    },
  }
}
