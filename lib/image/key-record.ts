import type { Buffer } from 'node:buffer'
import type { KeyRecord } from './encryption-header.js'
import type { Wrapping } from './wrapped-key.js'

/** A key record of a v2 header that a passphrase opens. */
export interface PassphraseRecord extends Wrapping {
  readonly vector: Buffer
  readonly wrapped: Buffer
}

/** Bytes of such a record. */
export const passphraseLength = 616

/**
 * Given a v2 header whose bounds were checked (`readV2Header`, no problems) and one of its passphrase records, return
 * that; undefined where the bytes end inside of it. Sources: VileFault vfdecrypt.h, john dmg2john.c.
 */
export function readPassphraseRecord(
  bytes: Buffer,
  { offset }: Pick<KeyRecord, 'offset'>,
): PassphraseRecord | undefined {
  if (offset + passphraseLength > bytes.length) return undefined
  const record = bytes.subarray(offset, offset + passphraseLength)
  const u32 = (at: number): number => record.readUInt32BE(at)
  return {
    derivation: u32(0),
    rounds: u32(8),
    salt: record.subarray(16, 16 + u32(12)),
    vectorSize: u32(48),
    vector: record.subarray(52, 52 + u32(48)),
    keyBits: u32(84),
    algorithm: u32(88),
    padding: u32(92),
    mode: u32(96),
    wrapped: record.subarray(104, 104 + u32(100)),
  }
}

/** What a v1 header keeps for a passphrase. The signature is over `signed`, with the signing key. */
export interface V1Keys extends Wrapping {
  readonly cipherKey: Buffer
  readonly hmacKey: Buffer
  readonly signingKey: Buffer
  readonly signed: Buffer
  readonly signature: Buffer
}

const signatureLength = 20

/** Given a v1 header whose bounds were checked (`readV1Header`, no problems), return its keys. Source: VileFault. */
export function readV1Keys(bytes: Buffer): V1Keys {
  const u32 = (at: number): number => bytes.readUInt32BE(at)
  const wrapped = (at: number): Buffer => bytes.subarray(at + 4, at + 4 + u32(at))
  return {
    algorithm: u32(0x14),
    padding: u32(0x18),
    mode: u32(0x1c),
    keyBits: u32(0x20),
    vectorSize: u32(0x24),
    derivation: u32(0x28),
    rounds: u32(0x30),
    salt: bytes.subarray(0x38, 0x38 + u32(0x34)),
    cipherKey: wrapped(0x88),
    hmacKey: wrapped(0x1b4),
    signingKey: wrapped(0x2e0),
    signed: bytes.subarray(0, 0x3e8),
    signature: bytes.subarray(0x3e8, 0x3e8 + signatureLength),
  }
}
