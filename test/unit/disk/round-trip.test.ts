import { Buffer } from 'node:buffer'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { openDisk } from '../../../lib/disk/open.js'
import { unlockImage } from '../../../lib/disk/unlock.js'
import type { Container } from '../../../lib/image/image.js'
import { lookAtStructure } from '../../../lib/look/structure.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { content } from '../../support/image-writer/content.js'
import { writeDiskBundle, writeDiskImage } from '../../support/image-writer/disk-image.js'
import type { EncryptionShape } from '../../support/image-writer/encryption.js'
import { temporaryFolder } from '../../support/temporary.js'

const sector = 512

/** A disk of zeros, with runs of bytes that no disk is made of by chance. */
const disks = (mostSectors: number): fc.Arbitrary<Buffer> =>
  fc
    .record({
      sectors: fc.integer({ min: 1, max: mostSectors }),
      runs: fc.array(fc.record({ at: fc.nat(), length: fc.integer({ min: 1, max: 40_000 }), seed: fc.nat() }), {
        maxLength: 8,
      }),
    })
    .map(({ sectors, runs }) => {
      const disk = Buffer.alloc(sectors * sector)
      for (const { at, length, seed } of runs) content(String(seed), length).copy(disk, at % disk.length)
      // Random bytes at the start of a disk are taken for those of an encrypted one.
      if (disk[510] !== 0) disk.writeUInt16BE(0x55aa, 510)
      return disk
    })

const passphrases = fc.string({ minLength: 1, maxLength: 8, unit: 'binary' })

const encryptions: fc.Arbitrary<EncryptionShape | undefined> = fc.option(
  fc.oneof(
    fc.record({
      version: fc.constant('v2' as const),
      passphrase: passphrases,
      keyBits: fc.constantFrom(128, 256),
      blockSize: fc.constantFrom(512, 4096),
      others: fc.array(passphrases, { maxLength: 2 }),
      certificate: fc.boolean(),
    }),
    fc.record({
      version: fc.constant('v1' as const),
      passphrase: passphrases,
      keyBits: fc.constantFrom(128, 256),
      blockSize: fc.constantFrom(512, 4096),
    }),
  ),
  { nil: undefined },
)

const ranges = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 20_000 })), { minLength: 1, maxLength: 6 })

/** Given an image and the disk it was made of, read all of it and the ranges. */
function demandSame(
  file: string,
  container: Container,
  disk: Buffer,
  encryption: EncryptionShape | undefined,
  some: readonly (readonly [at: number, length: number])[],
): void {
  const image = { path: fromText(file), container }
  expect(
    lookAtStructure(image, { inUse: false }).findings.filter(({ severity }) => severity === 'error'),
  ).to.deep.equal([])
  const opened = openDisk(image, unlockImage(image, Buffer.from(encryption?.passphrase ?? '')))
  try {
    expect(opened.size).to.equal(disk.length)
    expect(opened.read(0, disk.length).equals(disk), 'the whole disk').to.equal(true)
    for (const [anywhere, length] of some) {
      const at = anywhere % disk.length
      const wanted = disk.subarray(at, at + length)
      expect(opened.read(at, length).equals(wanted), `${String(length)} bytes from ${String(at)}`).to.equal(true)
      const filled = Buffer.alloc(wanted.length, 0x55)
      if (opened.fill(filled, at)) expect(filled.equals(wanted), 'the same again').to.equal(true)
      else expect(wanted.every((byte) => byte === 0) && filled.every((byte) => byte === 0x55)).to.equal(true)
    }
  } finally {
    opened.close()
  }
}

describe('what a disk was written with', function () {
  this.timeout(120_000)

  it('is not read from bands of less than a sector, each of which would be a file to open', () => {
    const file = join(temporaryFolder(), 'a.sparsebundle')
    const image = { path: fromText(file), container: 'sparse-bundle' } as const
    writeDiskBundle(file, Buffer.alloc(sector, 7), { bandSize: sector })
    openDisk(image).close()
    writeDiskBundle(join(file, 'b'), Buffer.alloc(sector, 7), { bandSize: sector - 1 })
    const small = { ...image, path: fromText(join(file, 'b')) }
    expect(() => openDisk(small)).to.throw(/bands of 511 bytes are impossible/)
  })

  it('is not decrypted where the token that gave the keys is gone', () => {
    const file = join(temporaryFolder(), 'a.sparsebundle')
    const image = { path: fromText(file), container: 'sparse-bundle' } as const
    writeDiskBundle(file, Buffer.alloc(sector, 7), { bandSize: sector, encryption: { version: 'v2', passphrase: 'a' } })
    const key = unlockImage(image, Buffer.from('a'))
    openDisk(image, key).close()
    writeFileSync(join(file, 'token'), '')
    expect(() => openDisk(image, key)).to.throw(/its token is empty now/)
  })

  it('is read from a sparse bundle, with holes, short bands and either encryption', () => {
    const folder = temporaryFolder()
    const file = join(folder, 'a.sparsebundle')
    fc.assert(
      fc.property(
        disks(400),
        fc.constantFrom(4096, 8192, 20_480, 65_536),
        encryptions,
        fc.boolean(),
        ranges,
        (disk, bandSize, encryption, full, some) => {
          rmSync(file, { recursive: true, force: true })
          writeDiskBundle(file, disk, { bandSize, full, ...(encryption === undefined ? {} : { encryption }) })
          demandSame(file, 'sparse-bundle', disk, encryption, some)
        },
      ),
      { numRuns: 300, seed: 7 },
    )
  })

  it('is read from a sparse image of many index nodes, with holes, freed slots and either encryption', () => {
    const folder = temporaryFolder()
    const file = join(folder, 'a.sparseimage')
    let mostNodes = 0
    fc.assert(
      fc.property(
        disks(800),
        // Version 1 has small nodes: 112 slots in the first, 114 in each other.
        fc.constantFrom([1, 1], [2, 1], [3, 1], [3, 7], [2, 8], [1, 8]),
        encryptions,
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })),
        ranges,
        (disk, [version, sectorsPerBand], encryption, stream, some) => {
          const chance = (): number => stream.next().value as number
          const options = { version: version as 1, sectorsPerBand: sectorsPerBand as number, chance }
          const written = writeDiskImage(file, disk, {
            ...options,
            ...(encryption === undefined ? {} : { encryption }),
          })
          mostNodes = Math.max(mostNodes, written)
          demandSame(file, 'sparse-image', disk, encryption, some)
        },
      ),
      { numRuns: 300, seed: 7 },
    )
    expect(mostNodes).to.be.above(2)
  })
})
