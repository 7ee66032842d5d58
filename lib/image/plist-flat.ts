import type { PlistDictionary, PlistValue } from './plist-value.js'

const item = /\s*<key>([^<&]*)<\/key>\s*(?:<string>([^<&]*)<\/string>|<integer>(-?[0-9]{1,20})<\/integer>)/y
const opening =
  /^<\?xml version="1\.0" encoding="UTF-8"\?>\s*<!DOCTYPE plist PUBLIC "[^"<>]*" "[^"<>]*">\s*<plist version="1\.0">\s*<dict>/
const closing = /\s*<\/dict>\s*<\/plist>\s*$/y
const longest = 16 * 1024

/**
 * Given the text of an XML property list, return its dictionary if it is written the way hdiutil writes a bundle's
 * Info.plist (one dictionary of strings and integers); undefined means "read it some other way", never "invalid".
 */
export function readFlatPlist(text: string): PlistDictionary | undefined {
  const start = text.length > longest ? undefined : opening.exec(text)?.[0].length
  if (start === undefined) return undefined
  const dictionary = Object.create(null) as Record<string, PlistValue>
  let at = start
  for (;;) {
    item.lastIndex = at
    const [found, key, string, integer] = item.exec(text) ?? []
    if (found === undefined || key === undefined) break
    if (key === '__proto__' || key in dictionary) return undefined
    dictionary[key] = integer === undefined ? (string ?? '') : exact(integer)
    at += found.length
  }
  closing.lastIndex = at
  return closing.test(text) ? dictionary : undefined
}

function exact(digits: string): number | bigint {
  const close = Number(digits)
  return Number.isSafeInteger(close) ? close : BigInt(digits)
}
