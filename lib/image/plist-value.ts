import { OperationalError } from '../finding/operational-error.js'

/** A dictionary of a property list; it has no prototype, so a key is there only if the list holds it. */
export interface PlistDictionary {
  readonly [key: string]: PlistValue | undefined
}

/** What a property list can hold. An integer is a number where that is exact, else a bigint. */
export type PlistValue =
  string | number | bigint | boolean | Date | Uint8Array | readonly PlistValue[] | PlistDictionary

/** Given why, return the error for bytes that are no property list we accept. */
export function plistInvalid(why: string, cause?: unknown): OperationalError {
  return new OperationalError(
    'plist-invalid',
    `The property list cannot be read: ${why}.`,
    'Look at the file; for a sparse bundle, Info.plist and Info.bckup should be the same.',
    cause === undefined ? undefined : { cause },
  )
}

/** More values than this in one list is no property list of an image or of hdiutil. */
export const maxValues = 100_000
/** Deeper nesting than this is no property list of an image or of hdiutil. */
export const maxDepth = 64
