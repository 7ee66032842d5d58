import { OperationalError } from '../finding/operational-error.js'
import { exists } from '../system/file.js'
import { fromPrintable } from '../text/printable.js'
import { fromText, type RawPath } from '../text/raw-path.js'

/** Given a verb and what is wrong with the call, return the error that ends with the exit code for usage. */
export const usage = (verb: string, message: string): OperationalError =>
  new OperationalError('usage', message, `See: lbackup-filevault ${verb} --help`)

/** Given a verb and its positional arguments, refuse them where it takes none. */
export function refuseMore(verb: string, positionals: readonly string[]): void {
  if (positionals.length > 0) throw usage(verb, `"${positionals.join(' ')}" means nothing here.`)
}

/** Given a path as typed, return it absolute. */
export const absolute = (text: string): RawPath => fromText(rooted(text))

/**
 * Given the path of an image as typed or as pasted from a message of ours, where a byte that is no UTF-8 is written
 * `\xHH`, return it absolute.
 */
export function imagePath(text: string): RawPath {
  const typed = absolute(text)
  return exists(typed) ? typed : fromPrintable(rooted(text))
}

const rooted = (text: string): string => (text.startsWith('/') ? text : `${process.cwd()}/${text}`)
