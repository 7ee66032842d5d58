import { Buffer } from 'node:buffer'
import { maxDepth, maxValues, plistInvalid, type PlistValue } from './plist-value.js'

const appleEpoch = Date.UTC(2001, 0, 1)

interface Table {
  readonly bytes: Buffer
  readonly offsets: number
  readonly offsetSize: number
  readonly referenceSize: number
  readonly objects: number
  visited: number
}

/**
 * Given the bytes of a `bplist00` property list, return its value; every offset is checked before it is used, and an
 * object that is referred to again and again counts each time. Throws OperationalError `plist-invalid`.
 * Format: Apple's CFBinaryPList.c.
 */
export function readBinaryPlist(bytes: Buffer): PlistValue {
  if (bytes.length < 8 + 1 + 1 + 32) throw plistInvalid('the binary list is cut short')
  const trailer = bytes.subarray(bytes.length - 32)
  const table: Table = {
    bytes,
    offsetSize: trailer.readUInt8(6),
    referenceSize: trailer.readUInt8(7),
    objects: small(trailer.readBigUInt64BE(8)),
    offsets: small(trailer.readBigUInt64BE(24)),
    visited: 0,
  }
  const sizes = [table.offsetSize, table.referenceSize]
  if (sizes.some((each) => each < 1 || each > 6)) throw plistInvalid('the binary list has impossible field sizes')
  if (table.offsets + table.objects * table.offsetSize > bytes.length - 32) {
    throw plistInvalid('the binary list is cut short')
  }
  return value(table, small(trailer.readBigUInt64BE(16)), 0)
}

function small(number: bigint): number {
  if (number > 0x7fffffffn) throw plistInvalid('the binary list has impossible numbers')
  return Number(number)
}

function value(table: Table, index: number, depth: number): PlistValue {
  table.visited += 1
  if (table.visited > maxValues) throw plistInvalid(`it holds more than ${String(maxValues)} values`)
  if (depth > maxDepth) throw plistInvalid(`it nests deeper than ${String(maxDepth)} levels`)
  if (index >= table.objects) throw plistInvalid('the binary list refers to an object it does not have')
  const at = table.bytes.readUIntBE(table.offsets + index * table.offsetSize, table.offsetSize)
  const marker = slice(table, at, 1).readUInt8(0)
  const kind = marker >> 4
  const nibble = marker & 15
  if (kind === 0) {
    if (marker === 8 || marker === 9) return marker === 9
    throw plistInvalid('the binary list holds an unknown constant')
  }
  if (kind === 1) return integer(slice(table, at + 1, power(nibble, 4)))
  if (kind === 2) return real(slice(table, at + 1, power(nibble, 3)))
  if (kind === 3) return new Date(appleEpoch + slice(table, at + 1, 8).readDoubleBE(0) * 1000)
  if (kind === 8) return integer(slice(table, at + 1, nibble + 1))
  const { length, start } = extent(table, at, nibble)
  if (kind === 4) return new Uint8Array(slice(table, start, length))
  if (kind === 5) return slice(table, start, length).toString('latin1')
  if (kind === 6)
    return Buffer.from(slice(table, start, length * 2))
      .swap16()
      .toString('utf16le')
  if (kind === 10) return references(table, start, length).map((each) => value(table, each, depth + 1))
  if (kind === 13) return dictionary(table, start, length, depth)
  throw plistInvalid('the binary list holds an object of an unknown kind')
}

function dictionary(table: Table, start: number, length: number, depth: number): PlistValue {
  const keys = references(table, start, length)
  const values = references(table, start + length * table.referenceSize, length)
  const found = Object.create(null) as Record<string, PlistValue>
  for (const [at, each] of keys.entries()) {
    const key = value(table, each, depth + 1)
    if (typeof key !== 'string' || key === '__proto__') throw plistInvalid('a key is not text')
    found[key] = value(table, values[at] as number, depth + 1)
  }
  return found
}

/** The length an object states, either in its marker or as an integer after it, and where its content starts. */
function extent(table: Table, at: number, nibble: number): { length: number; start: number } {
  if (nibble !== 15) return { length: nibble, start: at + 1 }
  const marker = slice(table, at + 1, 1).readUInt8(0)
  if (marker >> 4 !== 1) throw plistInvalid('the binary list states a length that is no number')
  const bytes = power(marker & 15, 3)
  const length = BigInt(integer(slice(table, at + 2, bytes)))
  if (length < 0n || length > BigInt(table.bytes.length)) throw plistInvalid('the binary list is cut short')
  return { length: Number(length), start: at + 2 + bytes }
}

function references(table: Table, start: number, length: number): number[] {
  const bytes = slice(table, start, length * table.referenceSize)
  return Array.from({ length }, (_, at) => bytes.readUIntBE(at * table.referenceSize, table.referenceSize))
}

function slice(table: Table, start: number, length: number): Buffer {
  if (start < 8 || start + length > table.offsets) throw plistInvalid('the binary list points outside itself')
  return table.bytes.subarray(start, start + length)
}

function power(nibble: number, most: number): number {
  if (nibble > most) throw plistInvalid('the binary list holds a number of an impossible size')
  return 2 ** nibble
}

/** Up to four bytes are unsigned; eight and sixteen are signed, as CFBinaryPList.c reads them. */
function integer(bytes: Buffer): number | bigint {
  const whole = BigInt(`0x${bytes.toString('hex')}`)
  const exact = bytes.length >= 8 ? BigInt.asIntN(bytes.length * 8, whole) : whole
  const close = Number(exact)
  return Number.isSafeInteger(close) ? close : exact
}

function real(bytes: Buffer): number {
  if (bytes.length === 4) return bytes.readFloatBE(0)
  if (bytes.length === 8) return bytes.readDoubleBE(0)
  throw plistInvalid('the binary list holds a real number of an impossible size')
}
