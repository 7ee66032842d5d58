import { Buffer } from 'node:buffer'
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { DataKey } from './block-cipher.js'
import { cipherKnown, readV1Header, readV2Header, type EncryptionHeader } from './encryption-header.js'
import { readPassphraseRecord, readV1Keys, type PassphraseRecord } from './key-record.js'
import { lockedError, type LockedError } from './locked-error.js'
import { unwrapOnce, unwrapTwice, wrappingKey, wrappingKnown, type Wrapping } from './wrapped-key.js'

/** An encryption header as it was read: a token, the first bytes of a file up to its data (v2), or its last 1276 (v1). */
export interface HeaderBytes {
  readonly version: 'v1' | 'v2'
  readonly bytes: Buffer
}

export interface UnlockOptions {
  /** How many rounds of PBKDF2 may be computed, all key records together; about a million a second. */
  readonly mostRounds: number
}

const hmacBytes = 20
const mark = Buffer.from('CKIE\0', 'latin1')

/**
 * Given an encryption header and a passphrase, return the keys of the data, or why there are none. Blocks: a second for
 * each million rounds. Neither the passphrase nor what was computed on the way is kept.
 */
export function unlock(header: HeaderBytes, passphrase: Buffer, { mostRounds }: UnlockOptions): DataKey | LockedError {
  const reading = (header.version === 'v1' ? readV1Header : readV2Header)(header.bytes)
  if (reading.header === undefined || reading.problems.length > 0) return lockedError.damaged(reading.problems)
  if (!cipherKnown(reading.header)) return lockedError.cipherUnknown(reading.header)
  return header.version === 'v1'
    ? unlockV1(header.bytes, reading.header, passphrase, mostRounds)
    : unlockV2(header.bytes, reading.header, passphrase, mostRounds)
}

function unlockV2(
  bytes: Buffer,
  header: EncryptionHeader,
  passphrase: Buffer,
  mostRounds: number,
): DataKey | LockedError {
  const entries = header.keys.filter(({ kind }) => kind === 'passphrase')
  if (entries.length === 0) return lockedError.noPassphraseRecord(header.keys)
  const records: PassphraseRecord[] = []
  for (const entry of entries) {
    const record = readPassphraseRecord(bytes, entry)
    if (record === undefined) return lockedError.damaged(['it ends inside a key record'])
    records.push(record)
  }
  const usable = records.filter(wrappingKnown)
  if (usable.length === 0) return lockedError.wrappingUnknown(records[0] as Wrapping)
  const rounds = usable.reduce((sum, record) => sum + record.rounds, 0)
  if (rounds > mostRounds) return lockedError.tooManyRounds(rounds, mostRounds)
  for (const record of usable) {
    const key = tryRecord(record, header, passphrase)
    if (key !== undefined) return key
  }
  return lockedError.wrongPassphrase()
}

/** `CKIE` behind both keys is there only for the right passphrase and an undamaged record. */
function tryRecord(record: PassphraseRecord, header: EncryptionHeader, passphrase: Buffer): DataKey | undefined {
  const wrapping = wrappingKey(record, passphrase)
  const clear = unwrapOnce(record.wrapped, wrapping, record.vector)
  wrapping.fill(0)
  if (clear === undefined) return undefined
  const keyBytes = header.keyBits / 8
  const keysEnd = keyBytes + hmacBytes
  const right = clear.length === keysEnd + mark.length && clear.subarray(keysEnd).equals(mark)
  const key = right
    ? {
        cipherKey: Buffer.from(clear.subarray(0, keyBytes)),
        hmacKey: Buffer.from(clear.subarray(keyBytes, keysEnd)),
        blockSize: header.blockSize,
      }
    : undefined
  clear.fill(0)
  return key
}

function unlockV1(
  bytes: Buffer,
  header: EncryptionHeader,
  passphrase: Buffer,
  mostRounds: number,
): DataKey | LockedError {
  const keys = readV1Keys(bytes)
  if (!wrappingKnown(keys)) return lockedError.wrappingUnknown(keys)
  if (keys.rounds > mostRounds) return lockedError.tooManyRounds(keys.rounds, mostRounds)
  const wrapping = wrappingKey(keys, passphrase)
  const [cipherKey, hmacKey, signingKey] = [keys.cipherKey, keys.hmacKey, keys.signingKey].map((wrapped) =>
    unwrapTwice(wrapped, wrapping),
  )
  wrapping.fill(0)
  try {
    const whole = cipherKey?.length === header.keyBits / 8 && hmacKey?.length === hmacBytes
    if (!whole || signingKey === undefined) return lockedError.wrongPassphrase()
    const signature = createHmac('sha1', signingKey).update(keys.signed).digest()
    if (!timingSafeEqual(signature, keys.signature)) return lockedError.signatureWrong()
    return { cipherKey: Buffer.from(cipherKey), hmacKey: Buffer.from(hmacKey), blockSize: header.blockSize }
  } finally {
    for (const key of [cipherKey, hmacKey, signingKey]) key?.fill(0)
  }
}

/** Given keys, overwrite them. */
export function forgetKey({ cipherKey, hmacKey }: DataKey): void {
  cipherKey.fill(0)
  hmacKey.fill(0)
}
