import { Buffer } from 'node:buffer'
import { createCipheriv } from 'node:crypto'
import { mkdirSync, readFileSync, symlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { openDisk } from '../../../lib/disk/open.js'
import { unlockImage } from '../../../lib/disk/unlock.js'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { forgetKey, unlock } from '../../../lib/image/unlock.js'
import { unwrapOnce } from '../../../lib/image/wrapped-key.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { content } from '../../support/image-writer/content.js'
import { writeDiskBundle, writeDiskImage } from '../../support/image-writer/disk-image.js'
import { encryptionHeader, writerKey, type EncryptionShape } from '../../support/image-writer/encryption.js'
import { temporaryFolder } from '../../support/temporary.js'

const v2 = { version: 'v2', passphrase: 'käse 🧀' } as const
const v1 = { version: 'v1', passphrase: 'käse 🧀' } as const
const enough = { mostRounds: 1000 }

/** Given a shape and changes to 32-bit fields of its header, return what trying its passphrase gives. */
function tried(shape: EncryptionShape, changes: Readonly<Record<number, number>> = {}, passphrase = shape.passphrase) {
  const bytes = encryptionHeader('seed', shape)
  for (const [at, value] of Object.entries(changes)) bytes.writeUInt32BE(value >>> 0, Number(at))
  const outcome = unlock({ version: shape.version, bytes }, Buffer.from(passphrase), enough)
  return 'locked' in outcome ? outcome.locked : 'open'
}

const record = 96

describe('the keys of an encrypted image', () => {
  it('come out of either header with the right passphrase, for AES-128 and AES-256', () => {
    for (const version of ['v1', 'v2'] as const) {
      for (const keyBits of [128, 256] as const) {
        const shape = { ...v2, version, keyBits }
        const header = { version, bytes: encryptionHeader('seed', shape) }
        expect(unlock(header, Buffer.from(shape.passphrase), enough)).to.deep.equal(writerKey('seed', shape))
      }
    }
  })

  it('come out with each of several passphrases, whatever other records there are', () => {
    const shape = { ...v2, passphrase: 'one', others: ['two', 'three'], certificate: true }
    for (const word of ['one', 'two', 'three']) expect(tried(shape, {}, word), word).to.equal('open')
    expect(tried(shape, {}, 'four')).to.equal('passphrase-wrong')
    // The first record is the certificate's; of a type that nobody knows, it is in nobody's way.
    expect(tried(shape, { 76: 9 }, 'two')).to.equal('open')
    // One record wrapped in a way that is not known leaves the others.
    expect(tried(shape, { [76 + 4 * 20 + 564 + 88]: 99 }, 'three')).to.equal('open')
    expect(tried(shape, { [76 + 4 * 20 + 564 + 88]: 99 }, 'two')).to.equal('passphrase-wrong')
  })

  it('stay in for a wrong passphrase, or one that only begins or ends like it', () => {
    for (const shape of [v1, v2]) {
      for (const word of ['', 'kase', 'käse 🧀 ', 'käse ']) {
        expect(tried(shape, {}, word), `${shape.version} ${word}`).to.equal('passphrase-wrong')
      }
    }
  })

  it('stay in where the header is damaged, unknown or asks for too much, each for its own reason', () => {
    const v2Cases: readonly (readonly [at: number, value: number, why: string])[] = [
      [8, 3, 'encryption-header-damaged'],
      [12, 8, 'encryption-unsupported'],
      [16, 6, 'encryption-unsupported'],
      [20, 17, 'encryption-unsupported'],
      [24, 192, 'encryption-unsupported'],
      [24, 0, 'encryption-header-damaged'],
      [28, 92, 'encryption-unsupported'],
      [32, 256, 'encryption-unsupported'],
      [52, 513, 'encryption-header-damaged'],
      [72, 0, 'encryption-header-damaged'],
      [72, 0xffffffff, 'encryption-header-damaged'],
      [76, 2, 'key-record-unsupported'],
      [76, 3, 'key-record-unsupported'],
      [76, 7, 'encryption-header-damaged'],
      [84, 0xffffffff, 'encryption-header-damaged'],
      [92, 615, 'encryption-header-damaged'],
      [record, 104, 'key-wrapping-unsupported'],
      [record + 8, 0, 'encryption-header-damaged'],
      [record + 8, 1001, 'key-rounds-excessive'],
      [record + 8, 0xffffffff, 'key-rounds-excessive'],
      [record + 12, 33, 'encryption-header-damaged'],
      [record + 12, 19, 'passphrase-wrong'],
      [record + 48, 16, 'key-wrapping-unsupported'],
      [record + 48, 33, 'encryption-header-damaged'],
      [record + 84, 256, 'key-wrapping-unsupported'],
      [record + 88, 0x80000001, 'key-wrapping-unsupported'],
      [record + 92, 1, 'key-wrapping-unsupported'],
      [record + 96, 5, 'key-wrapping-unsupported'],
      [record + 100, 513, 'encryption-header-damaged'],
      [record + 100, 47, 'passphrase-wrong'],
      [record + 100, 40, 'passphrase-wrong'],
    ]
    for (const [at, value, why] of v2Cases) expect(tried(v2, { [at]: value }), `v2 ${String(at)}`).to.equal(why)
    const v1Cases: readonly (readonly [at: number, value: number, why: string])[] = [
      [0x00, 1, 'encryption-header-damaged'],
      [0x10, 0, 'encryption-header-damaged'],
      [0x14, 0x80000001, 'key-wrapping-unsupported'],
      [0x28, 104, 'key-wrapping-unsupported'],
      [0x30, 1001, 'key-rounds-excessive'],
      [0x34, 33, 'encryption-header-damaged'],
      [0x60, 17, 'encryption-unsupported'],
      [0x88, 257, 'encryption-header-damaged'],
      [0x88, 32, 'passphrase-wrong'],
      [0x190, 256, 'encryption-unsupported'],
      [0x3e8, 1, 'encryption-header-damaged'],
      [0x4f0, 2, 'encryption-header-damaged'],
    ]
    for (const [at, value, why] of v1Cases) expect(tried(v1, { [at]: value }), `v1 ${String(at)}`).to.equal(why)
  })

  it('are tried within one bound for all records together', () => {
    const shape = { ...v2, others: ['a', 'b', 'c'], rounds: 250 }
    expect(tried(shape)).to.equal('open')
    expect(tried({ ...shape, rounds: 251 })).to.equal('key-rounds-excessive')
  })

  it('are refused where the header ends inside a record', () => {
    const bytes = encryptionHeader('seed', v2).subarray(0, 500)
    expect(unlock({ version: 'v2', bytes }, Buffer.from(v2.passphrase), enough)).to.include({
      locked: 'encryption-header-damaged',
    })
  })

  it('are taken out of their wrapping only where its padding is right', () => {
    const [key, vector] = [content('key', 24), content('vector', 8)]
    const wrapped = (...end: number[]): Buffer => {
      const clear = Buffer.concat([Buffer.alloc(16 - end.length, 0x41), Buffer.from(end)])
      return createCipheriv('des-ede3-cbc', key, vector).setAutoPadding(false).update(clear)
    }
    expect(unwrapOnce(wrapped(3, 3, 3), key, vector)?.toString()).to.equal('A'.repeat(13))
    for (const end of [[3, 2, 3], [0], [9], [2, 1, 2]])
      expect(unwrapOnce(wrapped(...end), key, vector)).to.equal(undefined)
    expect(unwrapOnce(Buffer.alloc(0), key, vector)).to.equal(undefined)
    expect(unwrapOnce(Buffer.alloc(12), key, vector)).to.equal(undefined)
  })

  it('can be forgotten', () => {
    const key = unlock({ version: 'v2', bytes: encryptionHeader('seed', v2) }, Buffer.from(v2.passphrase), enough)
    if ('locked' in key) throw new Error(key.message)
    forgetKey(key)
    expect(Buffer.concat([key.cipherKey, key.hmacKey]).every((byte) => byte === 0)).to.equal(true)
  })
})

describe('an image that cannot be opened', () => {
  const disk = content('disk', 40_960)
  const bundle = (encryption?: EncryptionShape): string => {
    const file = join(temporaryFolder(), 'a.sparsebundle')
    writeDiskBundle(file, disk, { bandSize: 8192, ...(encryption === undefined ? {} : { encryption }) })
    return file
  }
  const refusal = (file: string, container: 'sparse-bundle' | 'sparse-image', passphrase?: string): string => {
    const image = { path: fromText(file), container }
    try {
      const key = passphrase === undefined ? undefined : unlockImage(image, Buffer.from(passphrase), enough)
      const opened = openDisk(image, key)
      opened.read(0, disk.length)
      opened.close()
      return 'opened'
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      expect(error.message).to.include(file)
      return error.code
    }
  }

  it('says why', () => {
    expect(refusal(bundle(), 'sparse-bundle')).to.equal('opened')
    const locked = bundle(v2)
    expect(refusal(locked, 'sparse-bundle')).to.equal('passphrase-missing')
    expect(refusal(locked, 'sparse-bundle', 'no')).to.equal('passphrase-wrong')
    expect(refusal(locked, 'sparse-bundle', v2.passphrase)).to.equal('opened')
    writeFileSync(join(locked, 'token'), 'nonsense')
    expect(refusal(locked, 'sparse-bundle', v2.passphrase)).to.equal('image-damaged')
    rmSync(join(locked, 'token'))
    expect(refusal(locked, 'sparse-bundle', v2.passphrase)).to.equal('image-damaged')
    const headless = bundle()
    for (const name of ['Info.plist', 'Info.bckup']) truncateSync(join(headless, name), 0)
    expect(refusal(headless, 'sparse-bundle')).to.equal('image-damaged')
    expect(refusal(join(temporaryFolder(), 'none'), 'sparse-bundle')).to.equal('file-missing')
  })

  it('gives what is whole of a band that ends inside of a cipher block', () => {
    const file = bundle(v2)
    truncateSync(join(file, 'bands/1'), 512 + 100)
    const image = { path: fromText(file), container: 'sparse-bundle' } as const
    const opened = openDisk(image, unlockImage(image, Buffer.from(v2.passphrase)))
    const band = opened.read(8192, 8192)
    opened.close()
    const whole = 512 + 96
    expect(band.subarray(0, whole).equals(disk.subarray(8192, 8192 + whole))).to.equal(true)
    expect(band.subarray(whole).every((byte) => byte === 0)).to.equal(true)
  })

  it('is an encrypted sparse image whose header ends the data before its last band', () => {
    const file = join(temporaryFolder(), 'a.sparseimage')
    writeDiskImage(file, disk, { sectorsPerBand: 8, encryption: v2 })
    const bytes = readFileSync(file)
    const length = bytes.readBigUInt64BE(56)
    bytes.writeBigUInt64BE(length - 512n, 56)
    writeFileSync(file, bytes)
    expect(refusal(file, 'sparse-image', v2.passphrase)).to.equal('image-damaged')
    // Without a length, as while the image is in use, the data goes to the end of the file.
    bytes.writeBigUInt64BE(0n, 56)
    writeFileSync(file, bytes)
    expect(refusal(file, 'sparse-image', v2.passphrase)).to.equal('opened')
  })

  it('does not follow a link in the place of a band, and opens no FIFO or folder', () => {
    const linked = bundle()
    rmSync(join(linked, 'bands/1'))
    symlinkSync('0', join(linked, 'bands/1'))
    expect(refusal(linked, 'sparse-bundle')).to.equal('link-refused')
    const other = bundle()
    rmSync(join(other, 'bands/1'))
    mkdirSync(join(other, 'bands/1'))
    expect(refusal(other, 'sparse-bundle')).to.equal('not-a-file')
  })

  it('is a sparse image whose end is missing, or whose index is damaged, encrypted or not', () => {
    for (const encryption of [undefined, v1, v2]) {
      const file = join(temporaryFolder(), 'a.sparseimage')
      const options = { sectorsPerBand: 8, ...(encryption === undefined ? {} : { encryption }) }
      writeDiskImage(file, disk, options)
      expect(refusal(file, 'sparse-image', v2.passphrase)).to.equal('opened')
      if (encryption === undefined) {
        truncateSync(file, 30_000)
        expect(refusal(file, 'sparse-image')).to.equal('image-damaged')
      }
      writeDiskImage(file, disk, { ...options, chance: () => 0.9, seed: 'other' })
      writeFileSync(file, Buffer.alloc(5000, 1))
      expect(refusal(file, 'sparse-image', v2.passphrase)).to.equal('image-unrecognised')
    }
  })
})
