import type { Buffer } from 'node:buffer'

/** One line of a file, without its newline: the bytes from `at` to `end`. Reading moves `at`. */
export interface Line {
  bytes: Buffer
  at: number
  end: number
}

const zero = 48
const nine = 57

/** Move over the text; false, and nothing moved, where the line goes on otherwise. ASCII only. */
export function skip(line: Line, text: string): boolean {
  if (line.at + text.length > line.end) return false
  for (let index = 0; index < text.length; index += 1) {
    if (line.bytes[line.at + index] !== text.charCodeAt(index)) return false
  }
  line.at += text.length
  return true
}

/** Read a whole number, perhaps negative, as it is written by `String`; undefined where there is none that is exact. */
export function integer(line: Line): number | undefined {
  const negative = line.bytes[line.at] === 45
  const start = negative ? line.at + 1 : line.at
  let at = start
  let value = 0
  for (; at < line.end; at += 1) {
    const digit = line.bytes[at] as number
    if (digit < zero || digit > nine) break
    value = value * 10 + digit - zero
  }
  const length = at - start
  if (length === 0 || value > Number.MAX_SAFE_INTEGER) return undefined
  if (line.bytes[start] === zero && (length > 1 || negative)) return undefined
  line.at = at
  return negative ? -value : value
}

/** Read exactly `count` digits; undefined where there are fewer. */
export function digits(line: Line, count: number): number | undefined {
  if (line.at + count > line.end) return undefined
  let value = 0
  for (let index = 0; index < count; index += 1) {
    const digit = line.bytes[line.at + index] as number
    if (digit < zero || digit > nine) return undefined
    value = value * 10 + digit - zero
  }
  line.at += count
  return value
}

/** Read 64 lower-case hexadecimal digits into the first 32 bytes of `digest`; false where there are others. */
export function sha256(line: Line, digest: Buffer): boolean {
  if (line.at + 64 > line.end) return false
  for (let index = 0; index < 32; index += 1) {
    const high = nibble(line.bytes[line.at + 2 * index] as number)
    const low = nibble(line.bytes[line.at + 2 * index + 1] as number)
    if (high < 0 || low < 0) return false
    digest[index] = high * 16 + low
  }
  line.at += 64
  return true
}

/** Read up to the next blank, or to the line's end, as latin1 text. */
export function word(line: Line): string {
  let end = line.bytes.indexOf(32, line.at)
  if (end < 0 || end > line.end) end = line.end
  const text = line.bytes.toString('latin1', line.at, end)
  line.at = end
  return text
}

function nibble(byte: number): number {
  if (byte >= zero && byte <= nine) return byte - zero
  return byte >= 97 && byte <= 102 ? byte - 87 : -1
}
