import type { Buffer } from 'node:buffer'
import { size } from '../text/measure.js'
import { readBinaryPlist } from './plist-binary.js'
import { readFlatPlist } from './plist-flat.js'
import { loadPlist } from './plist-package.js'
import { plistInvalid, type PlistDictionary, type PlistValue } from './plist-value.js'
import { cleanPlistXml, unmarked } from './plist-xml.js'

export type { PlistDictionary, PlistValue } from './plist-value.js'

const mebibyte = 1024 * 1024

/**
 * Given the bytes of a property list (XML or `bplist00`) and a limit in bytes (1 MiB unless given), return its value.
 * Integers beyond 2^53 come back exact, as bigint; dictionaries have no prototype. Prints nothing. Throws
 * OperationalError `plist-invalid` for what is no property list, is over the limit, declares entities, or nests or
 * repeats beyond measure.
 */
export function parsePlist(bytes: Buffer, limitBytes = mebibyte): PlistValue {
  if (bytes.length > limitBytes)
    throw plistInvalid(`it is ${size(bytes.length)} long; ${size(limitBytes)} is the limit`)
  if (bytes.toString('latin1', 0, 8) === 'bplist00') return readBinaryPlist(bytes)
  const text = decode(bytes)
  return readFlatPlist(text) ?? readWithPackage(text)
}

/** Given a value, tell whether it is a dictionary (and not an array, a date or data). */
export function isDictionary(value: PlistValue | undefined): value is PlistDictionary {
  return typeof value === 'object' && Object.getPrototypeOf(value) === null
}

/** Given a value, return it as an integer, whether the writer stored `<integer>` or a number as `<string>`. */
export function plistInteger(value: PlistValue | undefined): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined
  if (typeof value !== 'string' || !/^[+-]?[0-9]{1,40}$/.test(value.trim())) return undefined
  return BigInt(value.trim().replace(/^\+/, ''))
}

// eslint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/

function decode(bytes: Buffer): string {
  if (bytes.length === 0) throw plistInvalid('it is empty')
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw plistInvalid('it is not UTF-8 text', cause)
  }
  if (forbidden.test(text)) throw plistInvalid('it holds bytes that no text holds')
  return text
}

function readWithPackage(text: string): PlistValue {
  const xml = cleanPlistXml(text)
  const { parse } = loadPlist()
  try {
    return restore(parse(xml))
  } catch (cause) {
    throw plistInvalid('its keys and values do not fit together', cause)
  }
}

/** Marked integers become numbers, or bigint where a number is not exact; dictionaries lose their prototype. */
function restore(value: unknown): PlistValue {
  if (typeof value === 'string') {
    const exact = unmarked(value)
    const close = Number(exact)
    return typeof exact === 'bigint' && Number.isSafeInteger(close) ? close : exact
  }
  if (Array.isArray(value)) return value.map((each) => restore(each))
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) {
    return value as PlistValue
  }
  const dictionary = Object.create(null) as Record<string, PlistValue>
  for (const [key, each] of Object.entries(value)) dictionary[key] = restore(each)
  return dictionary
}
