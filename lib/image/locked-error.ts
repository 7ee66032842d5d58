import { list } from '../text/measure.js'
import type { EncryptionHeader, KeyRecord } from './encryption-header.js'
import type { Wrapping } from './wrapped-key.js'

/** Why an image stays locked; `message` goes on after the image's name. */
export interface LockedError {
  readonly locked: LockedCode
  readonly message: string
  readonly cure: string
}

export type LockedCode =
  | 'passphrase-wrong'
  | 'encryption-header-damaged'
  | 'encryption-unsupported'
  | 'key-wrapping-unsupported'
  | 'key-record-unsupported'
  | 'key-rounds-excessive'

const older = 'Bring the token, or the image, back from an older copy.'
const onMac = 'Open it on a Mac that can, and tell us of it.'

/** Every reason, as its error. */
export const lockedError = {
  wrongPassphrase: (): LockedError => ({
    locked: 'passphrase-wrong',
    message: 'is not opened by this passphrase.',
    cure: 'Look whether it is the right one, with no blank at its end; or, if it surely is, whether the key records are damaged: compare the header with that of an older copy.',
  }),
  damaged: (problems: readonly string[]): LockedError => ({
    locked: 'encryption-header-damaged',
    message: `has a damaged encryption header: ${list(problems.slice(0, 5))}.`,
    cure: older,
  }),
  signatureWrong: (): LockedError => ({
    locked: 'encryption-header-damaged',
    message: 'has a damaged encryption header: the passphrase is right, but the signature over the header is not.',
    cure: older,
  }),
  cipherUnknown: ({ keyBits, cipher: { algorithm, mode } }: EncryptionHeader): LockedError => ({
    locked: 'encryption-unsupported',
    message: `is encrypted in a way that is not known here (algorithm ${String(algorithm)}, mode ${String(mode)}, ${String(keyBits)} bits).`,
    cure: onMac,
  }),
  wrappingUnknown: ({ derivation, algorithm, mode, keyBits }: Wrapping): LockedError => ({
    locked: 'key-wrapping-unsupported',
    message: `keeps its keys in a way that is not known here (derivation ${String(derivation)}, algorithm ${String(algorithm)}, mode ${String(mode)}, ${String(keyBits)} bits), as the newest systems do.`,
    cure: onMac,
  }),
  noPassphraseRecord: (keys: readonly Pick<KeyRecord, 'kind' | 'type'>[]): LockedError => {
    const certificate = keys.some(({ kind }) => kind === 'certificate')
    const types = [...new Set(keys.map(({ type }) => String(type)))]
    return {
      locked: 'key-record-unsupported',
      message: certificate
        ? 'is opened by the key of a certificate only, not by a passphrase.'
        : `is not opened by a passphrase: its key records are of a kind that is not known here (type ${list(types)}).`,
      cure: certificate
        ? 'Give it a passphrase on a Mac that has the key: hdiutil chpass -recover FileVaultMaster.keychain IMAGE'
        : onMac,
    }
  },
  tooManyRounds: (rounds: number, most: number): LockedError => ({
    locked: 'key-rounds-excessive',
    message: `asks for ${String(rounds)} rounds to try a passphrase; at most ${String(most)} are computed.`,
    cure: 'No Mac makes such an image: look where it comes from. Raise limits.keyRounds if it is a good one.',
  }),
} as const

/** Tells a reason from keys. */
export const isLocked = (outcome: object): outcome is LockedError => 'locked' in outcome
