import type { PassphraseConfig } from '../generated/config.js'
import { matches } from '../policy/match.js'
import { fromPrintable } from '../text/printable.js'
import type { PassphraseSource } from './passphrase.js'

/** Given the configuration's `passphrases` and an image's owner and printable path, return where its passphrase is. */
export function passphraseFor(
  passphrases: readonly PassphraseConfig[],
  image: { user: string; path: string },
): PassphraseSource | undefined {
  const { file, keychain } = passphrases.find(({ match }) => matches(match, image)) ?? {}
  if (file !== undefined) return { file: fromPrintable(file) }
  return keychain === undefined ? undefined : { keychain }
}
