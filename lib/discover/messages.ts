import type { FileFormat } from '../image/format.js'
import { OperationalError } from '../finding/operational-error.js'
import { systemCode } from '../system/file-system-error.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'

/** Given what an attempt to look at a path threw, return a sentence with the cure; anything unexpected is thrown on. */
export function whyUnread(error: unknown): string {
  if (error instanceof OperationalError) return `${error.message} ${error.cure}`
  throw error
}

/** Given an error of the file system, tell whether the thing simply is no longer there. */
export const isGone = (error: unknown): boolean => systemCode(error) === 'ENOENT'

/** Given an error of opening a folder that was one when it was listed, tell whether something else has taken its place. */
export const isSwapped = (error: unknown): boolean => ['ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')

const formats: Readonly<Partial<Record<FileFormat, string>>> = {
  udif: 'a disk image of the kind UDIF',
  asif: 'an Apple sparse image of macOS 26 (ASIF)',
  'android-sparse': 'an Android sparse image',
  'encrypted-v1': 'an encrypted disk image that is not named .sparseimage',
  'encrypted-v2': 'an encrypted disk image that is not named .sparseimage',
}

/** Given a file's path and format, return the sentence that says it is left alone. */
export const otherKind = (path: RawPath, format: FileFormat): string =>
  `${printable(path)} is ${formats[format] ?? 'another kind of disk image'}; it is backed up like any other file.`

/** Given a folder's path, return the sentence for something that changed its nature between look and use. */
export const swapped = (path: RawPath): string =>
  `${printable(path)} was a folder when it was seen and something else when it was opened; it was not entered. ` +
  'Find out who changes it while it is backed up.'
