import { cipherKnown, readV1Header, readV2Header, type KeyRecord } from './encryption-header.js'
import { readPassphraseRecord, readV1Keys } from './key-record.js'
import type { HeaderBytes } from './unlock.js'

/** What an encryption header tells without any key. */
export interface HeaderSummary {
  readonly version: 'v1' | 'v2'
  readonly cipher: 'AES-128' | 'AES-256' | 'unknown'
  /** Bytes of a cipher block. */
  readonly blockSize: number
  readonly keys: readonly KeySummary[]
}

export interface KeySummary {
  readonly kind: KeyRecord['kind']
  /** Rounds of PBKDF2 that a passphrase takes. */
  readonly rounds?: number
}

/** Given an encryption header, return what it tells; undefined where it is damaged. */
export function summarise({ version, bytes }: HeaderBytes): HeaderSummary | undefined {
  const { header, problems } = (version === 'v1' ? readV1Header : readV2Header)(bytes)
  if (header === undefined || problems.length > 0) return undefined
  const keys = header.keys.map((record): KeySummary => {
    if (record.kind !== 'passphrase') return { kind: record.kind }
    const rounds = (version === 'v1' ? readV1Keys(bytes) : readPassphraseRecord(bytes, record))?.rounds
    return rounds === undefined ? { kind: record.kind } : { kind: record.kind, rounds }
  })
  const cipher = !cipherKnown(header) ? 'unknown' : header.keyBits === 128 ? 'AES-128' : 'AES-256'
  return { version, cipher, blockSize: header.blockSize, keys }
}
