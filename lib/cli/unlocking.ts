import type { Config } from '../generated/config.js'
import type { DataKey } from '../image/block-cipher.js'
import type { Image } from '../image/image.js'
import { unlockImage } from '../disk/unlock.js'
import { passphraseFor } from '../passphrase/choose.js'
import { withPassphrase, type PassphraseSource } from '../passphrase/passphrase.js'
import { ownerName, userNames } from '../run/owner-name.js'
import type { System } from '../system/system.js'
import { printable } from '../text/printable.js'
import { absolute, usage } from './arguments.js'

/** The options of the verbs that open encrypted images, for `parseArgs`. */
export const passphraseOptions = {
  'passphrase-file': { type: 'string' },
  'passphrase-fd': { type: 'string' },
  'passphrase-keychain': { type: 'string' },
} as const

/** What they mean, for the help of those verbs. */
export const passphraseHelp = `  --passphrase-file FILE     its first line opens the image; mode 0600
  --passphrase-fd N          it is read from there: --passphrase-fd 3 3< FILE
  --passphrase-keychain NAME the generic password of that service (macOS)`

type Values = Readonly<Partial<Record<keyof typeof passphraseOptions, string>>>

/** Given a verb and its options, return where the passphrase is; undefined where none is given. Throws OperationalError. */
export function passphraseGiven(verb: string, values: Values): PassphraseSource | undefined {
  const { 'passphrase-file': file, 'passphrase-fd': descriptor, 'passphrase-keychain': keychain } = values
  const given = [file, descriptor, keychain].filter((one) => one !== undefined)
  if (given.length > 1) throw usage(verb, 'One passphrase at a time.')
  if (given.includes('')) throw usage(verb, 'An option for the passphrase is empty.')
  if (file !== undefined) return { file: absolute(file) }
  if (keychain !== undefined) return { keychain }
  if (descriptor === undefined) return undefined
  if (!/^\d{1,6}$/.test(descriptor) || ['1', '2'].includes(descriptor)) {
    throw usage(verb, '--passphrase-fd takes the number of a descriptor that is open for reading.')
  }
  return { descriptor: Number(descriptor) }
}

/**
 * Given an encrypted image, where its passphrase is as far as that was given, and the settings, return the keys of the
 * image; undefined where no passphrase is known. Throws OperationalError. Overwrite them with `forgetKey`.
 */
export async function keyOf(
  image: Image,
  given: PassphraseSource | undefined,
  { passphrases, limits }: Pick<Config, 'passphrases' | 'limits'>,
  system: System,
): Promise<DataKey | undefined> {
  const source =
    given ?? (passphrases.length === 0 ? undefined : passphraseFor(passphrases, await named(image, system)))
  if (source === undefined) return undefined
  return withPassphrase(source, system, (bytes) => unlockImage(image, bytes, { mostRounds: limits.keyRounds }))
}

const named = async (image: Image, system: System): Promise<{ user: string; path: string }> => ({
  user: ownerName(image, [], await userNames(system)),
  path: printable(image.path),
})
