import { Buffer } from 'node:buffer'
import { createDecipheriv, pbkdf2Sync } from 'node:crypto'

/** How a passphrase is made into the key that keys are wrapped with. Numbers as they stand in the header. */
export interface Wrapping {
  /** 103: PBKDF2 with HMAC-SHA1. */
  readonly derivation: number
  readonly rounds: number
  readonly salt: Buffer
  /** 192, of a key for 3DES. */
  readonly keyBits: number
  /** 17: 3DES-EDE. */
  readonly algorithm: number
  /** 7: PKCS#7. */
  readonly padding: number
  /** 6: CBC. */
  readonly mode: number
  /** Bytes. */
  readonly vectorSize: number
}

const tripleDes = { keyBytes: 24, blockBytes: 8 } as const

/** Tells whether keys are wrapped as all images are whose wrapping is known; newer systems wrap with AES. */
export const wrappingKnown = (wrapping: Wrapping): boolean =>
  wrapping.derivation === 103 &&
  wrapping.keyBits === 192 &&
  wrapping.algorithm === 17 &&
  wrapping.padding === 7 &&
  wrapping.mode === 6 &&
  wrapping.vectorSize === tripleDes.blockBytes

/** Given a wrapping that is known and a passphrase, return the key that keys are wrapped with: zero it after use. */
export const wrappingKey = ({ salt, rounds }: Wrapping, passphrase: Buffer): Buffer =>
  pbkdf2Sync(passphrase, salt, rounds, tripleDes.keyBytes, 'sha1')

/** Given ciphertext of 3DES-CBC with PKCS#7 padding, return the clear text; undefined where that is not its padding. */
export function unwrapOnce(ciphertext: Buffer, key: Buffer, vector: Buffer): Buffer | undefined {
  if (ciphertext.length === 0 || ciphertext.length % tripleDes.blockBytes !== 0) return undefined
  const clear = createDecipheriv('des-ede3-cbc', key, vector).setAutoPadding(false).update(ciphertext)
  const pad = clear[clear.length - 1] as number
  const end = clear.length - pad
  const padded = pad > 0 && pad <= tripleDes.blockBytes && clear.subarray(end).every((byte) => byte === pad)
  if (padded) return clear.subarray(0, end)
  clear.fill(0)
  return undefined
}

const firstVector = Buffer.from('4adda22c79e82105', 'hex')
const marker = 4

/**
 * Given a key of a v1 header, return it unwrapped; undefined where that does not come out: 3DES-CBC twice, the bytes
 * reversed in between, and four zero bytes before the key. After RFC 3217; source: VileFault vfdecrypt.c.
 */
export function unwrapTwice(ciphertext: Buffer, key: Buffer): Buffer | undefined {
  const once = unwrapOnce(ciphertext, key, firstVector)?.reverse()
  if (once === undefined) return undefined
  const [vector, rest] = [once.subarray(0, tripleDes.blockBytes), once.subarray(tripleDes.blockBytes)]
  const twice = vector.length < tripleDes.blockBytes ? undefined : unwrapOnce(rest, key, vector)
  once.fill(0)
  if (twice === undefined) return undefined
  const marked = twice.length > marker && twice.subarray(0, marker).every((byte) => byte === 0)
  const unwrapped = marked ? Buffer.from(twice.subarray(marker)) : undefined
  twice.fill(0)
  return unwrapped
}
