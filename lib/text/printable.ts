import { Buffer } from 'node:buffer'
import { type RawPath, toBytes } from './raw-path.js'

// Controls, backslash, line and paragraph separators, and the marks that reorder text on a terminal.
// eslint-disable-next-line no-control-regex
const unsafe = /[\u0000-\u001f\u007f-\u009f\\\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u
const escapeByte = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Given a RawPath, return it as text that is safe on a terminal and in a log: UTF-8 shown as it is, every control
 * character, text-direction mark, backslash and byte that is no UTF-8 as `\xHH` per byte. `fromPrintable` undoes it.
 */
export function printable(path: RawPath): string {
  const bytes = toBytes(path)
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at)
    const character = length === 0 ? undefined : bytes.toString('utf8', at, at + length)
    if (character === undefined) text += escapeByte(bytes[at] as number)
    else if (unsafe.test(character)) text += [...bytes.subarray(at, at + length)].map(escapeByte).join('')
    else text += character
    at += Math.max(1, length)
  }
  return text
}

/** Given text made by `printable`, return the RawPath it stands for. */
export function fromPrintable(text: string): RawPath {
  const bytes = text.split(/\\x([0-9a-f]{2})/u).map((part, index) => {
    return index % 2 === 1 ? Buffer.from([Number.parseInt(part, 16)]) : Buffer.from(part, 'utf8')
  })
  return Buffer.concat(bytes).toString('latin1') as RawPath
}

/** The length in bytes of the UTF-8 sequence at `at`, or 0 where there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const lead = bytes[at] as number
  if (lead < 0x80) return 1
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0
  if (length === 0 || at + length > bytes.length) return 0
  try {
    decoder.decode(bytes.subarray(at, at + length))
    return length
  } catch {
    return 0
  }
}
