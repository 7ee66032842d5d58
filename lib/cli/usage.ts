import { OperationalError } from '../finding/operational-error.js'
import { fromText, type RawPath } from '../text/raw-path.js'

/** Given a verb and what is wrong with the call, return the error that ends with the exit code for usage. */
export const usage = (verb: string, message: string): OperationalError =>
  new OperationalError('usage', message, `See: lbackup-filevault ${verb} --help`)

/** Given a verb and its positional arguments, refuse them where it takes none. */
export function refuseMore(verb: string, positionals: readonly string[]): void {
  if (positionals.length > 0) throw usage(verb, `"${positionals.join(' ')}" means nothing here.`)
}

/** Given the working folder and a path as typed, return it absolute. */
export const absolute = (text: string): RawPath => fromText(text.startsWith('/') ? text : `${process.cwd()}/${text}`)
