import type { Buffer } from 'node:buffer'

/** An encryption header of an image, as far as it can be read without any key. */
export interface EncryptionHeader {
  readonly version: 'v1' | 'v2'
  /** Lower-case hex with dashes; random for each image, survives renames and changed passphrases. */
  readonly uuid: string
  readonly keyBits: number
  /** How the data is encrypted, as the numbers of Apple's security framework (CSSM) say it. */
  readonly cipher: DataCipher
  /** Cipher block in bytes; data is stored in whole blocks. */
  readonly blockSize: number
  /** Where in a single file the data begins, in bytes; a v2 token is this long. 0 for v1, whose header follows the data. */
  readonly dataOffset: number
  /** Bytes of data in a single file; 0 in a token. */
  readonly dataLength: number
  readonly keys: readonly KeyRecord[]
  /** Where the last key record ends, in bytes. */
  readonly keysEnd: number
}

/** Numbers as they stand in the header; the meaning of those that are known: `cipherKnown`. */
export interface DataCipher {
  readonly algorithm: number
  readonly mode: number
  /** Bytes. */
  readonly vectorSize: number
  readonly vectorAlgorithm: number
  readonly vectorKeyBits: number
}

/** One way to unlock the image. Offsets and lengths in bytes. */
export interface KeyRecord {
  readonly type: number
  readonly kind: 'passphrase' | 'certificate' | 'keybag' | 'unknown'
  readonly offset: number
  readonly length: number
}

/** A header and what is wrong with it, each as part of a sentence; without a header where too little of it is there. */
export interface HeaderReading {
  readonly header?: EncryptionHeader
  readonly problems: readonly string[]
}

/** A v1 header is this long, in bytes, and ends the file or the token. */
export const v1Length = 1276
/** A v2 header's fixed part, in bytes; key records are listed behind it. */
export const v2FixedLength = 76

const entryLength = 20
const passphraseLength = 616
const mostKeys = 0x800
const mostBlock = 64 * 1024
const kinds: Readonly<Record<number, KeyRecord['kind']>> = { 1: 'passphrase', 2: 'certificate', 3: 'keybag' }

/**
 * Given the first bytes of a token or file that begins `encrcdsa` (all up to its data, or as many as there are), return
 * its header. Every number is checked before it is used. Sources: VileFault vfdecrypt.c, john dmg2john.c, dmgwiz.
 */
export function readV2Header(bytes: Buffer): HeaderReading {
  if (bytes.length < v2FixedLength) return { problems: ['it ends inside its fixed part'] }
  const problems: string[] = []
  const u32 = (at: number): number => bytes.readUInt32BE(at)
  const [version, keyBits, blockSize, count] = [u32(8), u32(24), u32(52), u32(72)]
  if (version !== 2) problems.push(`it says version ${String(version)} where 2 belongs`)
  if (keyBits === 0 || keyBits > 0x400) problems.push(`its key length of ${String(keyBits)} bits is impossible`)
  if (!isBlockSize(blockSize)) problems.push(`its cipher block of ${String(blockSize)} bytes is impossible`)
  const dataLength = u64(bytes, 56, 'data length', problems)
  const dataOffset = u64(bytes, 64, 'data offset', problems)
  const tableEnd = v2FixedLength + count * entryLength
  if (count === 0) problems.push('it lists no key')
  else if (count > mostKeys) problems.push(`it lists ${String(count)} keys, which is impossible`)
  if (dataOffset < tableEnd) problems.push('its data would begin inside the header')
  const keys: KeyRecord[] = []
  for (
    let at = v2FixedLength;
    count <= mostKeys && at < tableEnd && at + entryLength <= bytes.length;
    at += entryLength
  ) {
    const type = u32(at)
    const offset = u64(bytes, at + 4, 'key record offset', problems)
    const length = u64(bytes, at + 12, 'key record length', problems)
    if (offset < tableEnd || offset + length > dataOffset) problems.push('a key record lies outside it')
    else {
      keys.push({ type, kind: kinds[type] ?? 'unknown', offset, length })
      if (type === 1) problems.push(...passphraseProblems(bytes, offset, length))
    }
  }
  if (keys.length > 0 && keys.every(({ kind }) => kind === 'unknown')) problems.push('it lists no key of a known kind')
  const keysEnd = keys.reduce((end, { offset, length }) => Math.max(end, offset + length), tableEnd)
  const header = {
    version: 'v2',
    uuid: uuid(bytes, 36),
    keyBits,
    cipher: {
      algorithm: u32(20),
      mode: u32(16),
      vectorSize: u32(12),
      vectorAlgorithm: u32(28),
      vectorKeyBits: u32(32),
    },
    blockSize,
    dataOffset,
    dataLength,
    keys,
    keysEnd,
  } as const
  return { header, problems: [...new Set(problems)] }
}

/**
 * Given the last 1276 bytes of a token or file that ends `cdsaencr`, return its header. Sources: VileFault
 * vfdecrypt.c, john dmg2john.c.
 */
export function readV1Header(bytes: Buffer): HeaderReading {
  if (bytes.length < v1Length) return { problems: [`it is shorter than ${String(v1Length)} bytes`] }
  const problems: string[] = []
  const u32 = (at: number): number => bytes.readUInt32BE(at)
  const blockSize = u32(0x10)
  const keyBits = u32(0x64)
  if (!isBlockSize(blockSize)) problems.push(`its cipher block of ${String(blockSize)} bytes is impossible`)
  if (keyBits === 0 || keyBits > 0x400) problems.push(`its key length of ${String(keyBits)} bits is impossible`)
  if (u32(0x30) === 0) problems.push('its passphrase is stretched zero times')
  if (u32(0x34) > 32) problems.push('its salt is longer than its place')
  for (const at of [0x88, 0x1b4, 0x2e0]) {
    if (u32(at) === 0 || u32(at) > 256) problems.push('a wrapped key does not fit its place')
  }
  if (u32(0x4f0) !== 1) problems.push(`it says version ${String(u32(0x4f0))} where 1 belongs`)
  const header = {
    version: 'v1',
    uuid: uuid(bytes, 0),
    keyBits,
    cipher: {
      algorithm: u32(0x60),
      mode: u32(0x5c),
      vectorSize: u32(0x58),
      vectorAlgorithm: u32(0x18c),
      vectorKeyBits: u32(0x190),
    },
    blockSize,
    dataOffset: 0,
    dataLength: u64(bytes, 0x4e8, 'data length', problems),
    keys: [{ type: 1, kind: 'passphrase', offset: 0, length: 0x18c }],
    keysEnd: v1Length,
  } as const
  return { header, problems: [...new Set(problems)] }
}

/** Tells whether a header says AES of 128 or 256 bits, CBC, with start vectors by HMAC-SHA1: all that is known. */
export const cipherKnown = ({ keyBits, cipher }: Pick<EncryptionHeader, 'keyBits' | 'cipher'>): boolean =>
  (keyBits === 128 || keyBits === 256) &&
  cipher.algorithm === 0x80000001 &&
  cipher.mode === 5 &&
  cipher.vectorSize === 16 &&
  cipher.vectorAlgorithm === 91 &&
  cipher.vectorKeyBits === 160

function passphraseProblems(bytes: Buffer, offset: number, length: number): string[] {
  if (length < passphraseLength) return ['a passphrase record is too short']
  // Cut short by a file that ends early: the missing length is reported, not this.
  if (offset + passphraseLength > bytes.length) return []
  const u32 = (at: number): number => bytes.readUInt32BE(offset + at)
  const problems: string[] = []
  if (u32(8) === 0) problems.push('its passphrase is stretched zero times')
  if (u32(12) === 0 || u32(12) > 32) problems.push('its salt does not fit its place')
  if (u32(48) > 32) problems.push('a start vector is longer than its place')
  if (u32(100) === 0 || u32(100) > 512) problems.push('a wrapped key does not fit its place')
  return problems
}

const isBlockSize = (bytes: number): boolean => bytes > 0 && bytes % 16 === 0 && bytes <= mostBlock

function u64(bytes: Buffer, at: number, what: string, problems: string[]): number {
  const exact = bytes.readBigUInt64BE(at)
  if (exact <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(exact)
  problems.push(`its ${what} is impossible`)
  return 0
}

function uuid(bytes: Buffer, at: number): string {
  const hex = bytes.toString('hex', at, at + 16)
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
