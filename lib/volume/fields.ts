import { Buffer } from 'node:buffer'
import { printable } from '../text/printable.js'
import { fromText } from '../text/raw-path.js'

/** 64 bits as a number: exact up to 2^53, beyond that close enough to compare with the size of a disk. */
export const wideLE = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at))
export const wideBE = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64BE(at))

export const isPowerOfTwo = (value: number): boolean => value > 0 && (value & (value - 1)) === 0

/** Given UTF-16LE or Latin-1 or UTF-8 bytes of a name on a disk, return it up to its first NUL as `printable` text. */
export function nameIn(bytes: Buffer, encoding: 'utf16le' | 'latin1' | 'utf8'): string {
  const [text = ''] = bytes.toString(encoding).split('\0')
  return printable(fromText(text))
}

/** Given a GUID as GPT stores it (its first three fields little-endian), return it in upper case. UEFI 2.10, appendix A. */
export function guid(bytes: Buffer, at: number): string {
  const hex = (from: number, to: number): string => bytes.toString('hex', at + from, at + to)
  const swapped = (from: number, to: number): string =>
    Buffer.from(bytes.subarray(at + from, at + to))
      .reverse()
      .toString('hex')
  return `${swapped(0, 4)}-${swapped(4, 6)}-${swapped(6, 8)}-${hex(8, 10)}-${hex(10, 16)}`.toUpperCase()
}
