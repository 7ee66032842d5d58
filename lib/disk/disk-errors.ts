import { OperationalError } from '../finding/operational-error.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'

/** Given an image's path and what is wrong with it, as part of a sentence, return that as an error. */
export const damaged = (path: RawPath, what: string): OperationalError =>
  new OperationalError('image-damaged', `${printable(path)} is damaged: ${what}.`, 'Take it from an older copy.')

/** Given an encrypted image's path, return what is said where its keys are missing. */
export const keyMissing = (path: RawPath): OperationalError =>
  new OperationalError(
    'passphrase-missing',
    `${printable(path)} is encrypted, and no passphrase was given.`,
    'Give it by --passphrase-file, --passphrase-fd or --passphrase-keychain, or name it under `passphrases` in filevault.json.',
  )
