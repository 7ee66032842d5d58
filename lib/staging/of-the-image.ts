import { OperationalError } from '../finding/operational-error.js'

const ofTheDisk = new Set(['disk-full', 'read-only'])

/**
 * Given anything caught while one image was read and made anew, tell whether it concerns that image alone. The disk of the
 * staging folder is everybody's matter; whatever else a user can bring about in his image keeps only his from the backup.
 */
export const isOfTheImage = (error: unknown): error is OperationalError =>
  error instanceof OperationalError && !ofTheDisk.has(error.code)
