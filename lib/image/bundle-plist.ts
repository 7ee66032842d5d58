import type { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { plistInvalid, type PlistDictionary } from './plist-value.js'
import { isDictionary, parsePlist, plistInteger } from './plist.js'

export const bundleType = 'com.apple.diskimage.sparsebundle'

/** What a bundle's Info.plist or Info.bckup says; a number that is missing or no integer is undefined. */
export interface BundlePlist {
  readonly type: string | undefined
  /** Bytes for each band. */
  readonly bandSize: bigint | undefined
  /** Bytes of the disk inside. */
  readonly size: bigint | undefined
  readonly version: bigint | undefined
  readonly keys: PlistDictionary
}

/**
 * Given the bytes of Info.plist or Info.bckup (XML or binary, at most 1 MiB), return what it says, unjudged. Throws
 * OperationalError `plist-invalid`. Keys: keramics "sparsebundle" documentation, torarnv/sparsebundlefs.
 */
export function readBundlePlist(bytes: Buffer): BundlePlist {
  const keys = parsePlist(bytes)
  if (!isDictionary(keys)) throw plistInvalid('it holds no dictionary')
  const type = keys['diskimage-bundle-type']
  return {
    type: typeof type === 'string' ? type : undefined,
    bandSize: plistInteger(keys['band-size']),
    size: plistInteger(keys['size']),
    version: plistInteger(keys['bundle-backingstore-version']),
    keys,
  }
}

/** Given the bytes of Info.plist or Info.bckup, tell whether they make their folder a sparse bundle. */
export function isBundlePlist(bytes: Buffer): boolean {
  try {
    return readBundlePlist(bytes).type === bundleType
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return false
  }
}

/** Given both lists, return the keys whose values differ, sorted. */
export function differingKeys(first: BundlePlist, second: BundlePlist): string[] {
  const all = new Set([...Object.keys(first.keys), ...Object.keys(second.keys)])
  return [...all].filter((key) => shown(first.keys[key]) !== shown(second.keys[key])).sort()
}

const shown = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each)) ?? ''
