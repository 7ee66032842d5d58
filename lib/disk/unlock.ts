import { OperationalError } from '../finding/operational-error.js'
import type { DataKey } from '../image/block-cipher.js'
import type { Image } from '../image/image.js'
import { isLocked } from '../image/locked-error.js'
import { unlock } from '../image/unlock.js'
import { printable } from '../text/printable.js'
import { readHeader } from './header.js'

/** A million rounds take about a second; Macs ask for some hundred thousand. */
const usualMostRounds = 10_000_000

/**
 * Given an image and its passphrase (the bytes as they were typed, without a line end), return the keys of its data;
 * undefined where it is not encrypted. `forgetKey` overwrites them. `mostRounds` bounds the time a crafted header can
 * ask for. Throws OperationalError `passphrase-wrong`, `encryption-header-damaged`, `encryption-unsupported`,
 * `key-wrapping-unsupported`, `key-record-unsupported`, `key-rounds-excessive`, or why the header cannot be read.
 */
export function unlockImage(
  image: Pick<Image, 'path' | 'container'>,
  passphrase: Buffer,
  { mostRounds = usualMostRounds }: { mostRounds?: number } = {},
): DataKey | undefined {
  const header = readHeader(image)
  if (header === undefined) return undefined
  const outcome = unlock(header, passphrase, { mostRounds })
  if (!isLocked(outcome)) return outcome
  throw new OperationalError(outcome.locked, `${printable(image.path)} ${outcome.message}`, outcome.cure)
}
