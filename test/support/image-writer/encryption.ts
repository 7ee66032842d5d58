import { Buffer } from 'node:buffer'
import { createCipheriv, createHmac, pbkdf2Sync } from 'node:crypto'
import { content } from './content.js'
import { v1Header, v2Header } from './encryption-header.js'

/** How an image is encrypted. */
export interface EncryptionShape {
  readonly version: 'v1' | 'v2'
  readonly passphrase: string
  readonly keyBits?: 128 | 256
  /** v1 images have 4096. */
  readonly blockSize?: number
  readonly rounds?: number
  /** Further passphrases, each with a key record of its own (v2). */
  readonly others?: readonly string[]
  /** Writes a certificate's record as well (v2). */
  readonly certificate?: boolean
}

/** The keys of an image's data, made from its seed. */
export interface WriterKey {
  readonly cipherKey: Buffer
  readonly hmacKey: Buffer
  readonly blockSize: number
}

const vectorOf = ({ hmacKey }: WriterKey, block: number): Buffer => {
  const number = Buffer.alloc(4)
  number.writeUInt32BE(block)
  return createHmac('sha1', hmacKey).update(number).digest().subarray(0, 16)
}

/** Given keys, clear text (whole cipher blocks) and the number of the first, encrypt it, a block at a time; zeros stay. */
export function encrypt(key: WriterKey, clear: Buffer, firstBlock = 0): Buffer {
  const { cipherKey, blockSize } = key
  const encrypted = Buffer.alloc(clear.length)
  for (let at = 0; at < clear.length; at += blockSize) {
    const block = clear.subarray(at, at + blockSize)
    if (block.every((byte) => byte === 0)) continue
    const vector = vectorOf(key, firstBlock + at / blockSize)
    const cipher = createCipheriv(`aes-${String(cipherKey.length * 8)}-cbc`, cipherKey, vector).setAutoPadding(false)
    cipher.update(block).copy(encrypted, at)
  }
  return encrypted
}

/** Given a seed and a shape, return the keys. */
export const writerKey = (seed: string, shape: EncryptionShape): WriterKey => ({
  cipherKey: content(`${seed} data key`, (shape.keyBits ?? 128) / 8),
  hmacKey: content(`${seed} vector key`, 20),
  blockSize: blockSizeOf(shape),
})

/** Given a shape, return the size of its cipher blocks. */
export const blockSizeOf = ({ version, blockSize }: EncryptionShape): number =>
  blockSize ?? (version === 'v1' ? 4096 : 512)

/** Given a seed, a shape and the length of the data (0 for a bundle), return the header that the passphrase opens. */
export function encryptionHeader(seed: string, shape: EncryptionShape, dataLength = 0): Buffer {
  return shape.version === 'v1' ? sealV1(seed, shape, dataLength) : sealV2(seed, shape, dataLength)
}

function sealV2(seed: string, shape: EncryptionShape, dataLength: number): Buffer {
  const { passphrase, others = [], keyBits = 128, rounds = 10, certificate = false } = shape
  const { cipherKey, hmacKey, blockSize } = writerKey(seed, shape)
  const header = v2Header(seed, { blockSize, dataLength, certificate, keyBits, passphrases: 1 + others.length })
  const first = certificate ? 1 : 0
  ;[...others, passphrase].forEach((word, number) => {
    const entry = 76 + 20 * (number + first)
    const at = Number(header.readBigUInt64BE(entry + 4))
    const salt = content(`${seed} salt ${String(number)}`, 20)
    const vector = content(`${seed} vector ${String(number)}`, 8)
    header.writeUInt32BE(rounds, at + 8)
    salt.copy(header, at + 16)
    vector.copy(header, at + 52)
    const blob = wrap(Buffer.concat([cipherKey, hmacKey, Buffer.from('CKIE\0')]), derive(word, salt, rounds), vector)
    header.writeUInt32BE(blob.length, at + 100)
    header.fill(0, at + 104, at + 616)
    blob.copy(header, at + 104)
  })
  return header
}

function sealV1(seed: string, shape: EncryptionShape, dataLength: number): Buffer {
  const { passphrase, rounds = 10, keyBits = 128 } = shape
  const { cipherKey, hmacKey, blockSize } = writerKey(seed, shape)
  const signingKey = content(`${seed} signing key`, 20)
  const header = v1Header(seed, { dataLength })
  header.writeUInt32BE(blockSize, 0x10)
  header.writeUInt32BE(rounds, 0x30)
  header.writeUInt32BE(keyBits, 0x64)
  const key = derive(passphrase, header.subarray(0x38, 0x38 + 20), rounds)
  const places: readonly (readonly [at: number, secret: Buffer])[] = [
    [0x88, cipherKey],
    [0x1b4, hmacKey],
    [0x2e0, signingKey],
  ]
  for (const [at, secret] of places) {
    const vector = content(`${seed} wrap ${String(at)}`, 8)
    const inner = wrap(Buffer.concat([Buffer.alloc(4), secret]), key, vector)
    const blob = wrap(Buffer.concat([vector, inner]).reverse(), key, Buffer.from('4adda22c79e82105', 'hex'))
    header.writeUInt32BE(blob.length, at)
    blob.copy(header, at + 4)
  }
  createHmac('sha1', signingKey).update(header.subarray(0, 0x3e8)).digest().copy(header, 0x3e8)
  return header
}

const derive = (passphrase: string, salt: Buffer, rounds: number): Buffer =>
  pbkdf2Sync(passphrase, salt, rounds, 24, 'sha1')

function wrap(clear: Buffer, key: Buffer, vector: Buffer): Buffer {
  const cipher = createCipheriv('des-ede3-cbc', key, vector)
  return Buffer.concat([cipher.update(clear), cipher.final()])
}
