import { Buffer } from 'node:buffer'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { worst } from '../../../lib/finding/finding.js'
import { bandIndex, bandName } from '../../../lib/image/band-names.js'
import { createBundleCheck } from '../../../lib/image/bundle-structure.js'
import { readV1Header, readV2Header } from '../../../lib/image/encryption-header.js'
import { findingList } from '../../../lib/image/finding-list.js'
import { recogniseFile } from '../../../lib/image/format.js'
import { mappedLength } from '../../../lib/image/mapped-bitmap.js'
import { checkSparseImage } from '../../../lib/image/sparse-image-structure.js'
import { readSparseImageIndex, type Read } from '../../../lib/image/sparse-image-index.js'
import { readToken } from '../../../lib/image/token.js'
import { lookAtStructure } from '../../../lib/look/structure.js'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'
import { v1Header, v2Header } from '../../support/image-writer/encryption-header.js'
import { bitmap, infoPlist, mebibyte, writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { sparseImageNodes, writeSparseImage, type SparseImageShape } from '../../support/image-writer/sparse-image.js'
import { temporaryFolder } from '../../support/temporary.js'

const facts = { type: 'file', size: 0, inode: 1, links: 1, modified: 1000, changed: 1000 } as const
const name = 'a.sparseimage' as RawPath

/** Reads a sparse image that is only its index nodes; the bands are zeros. */
function inMemory(shape: SparseImageShape): { read: Read; length: number; nodes: Buffer[] } {
  const { nodes, length } = sparseImageNodes(shape)
  const read: Read = (offset, wanted) => {
    const bytes = Buffer.alloc(Math.max(0, Math.min(wanted, length - offset)))
    for (const node of nodes) {
      if (node.offset < offset + bytes.length && offset < node.offset + node.bytes.length) {
        node.bytes.copy(bytes, Math.max(0, node.offset - offset), Math.max(0, offset - node.offset))
      }
    }
    return bytes
  }
  return { read, length, nodes: nodes.map(({ bytes }) => bytes) }
}

const codes = (shape: SparseImageShape, change: (nodes: Buffer[]) => void): string[] => {
  const image = inMemory(shape)
  change(image.nodes)
  return readSparseImageIndex(image.read, image.length).problems.map(({ code }) => code)
}

const slots = (count: number): number[] => Array.from({ length: count }, (_, index) => count - 1 - index)

describe('the index of a sparse image', () => {
  const shape = { sectors: 40_000, slots: slots(2500) }

  it('is followed over several nodes', () => {
    const image = inMemory(shape)
    const index = readSparseImageIndex(image.read, image.length)
    expect(index).to.include({ nodes: 3, usedSlots: 2500, freedSlots: 0, expectedLength: image.length })
    expect(index.problems).to.deep.equal([])
  })

  it('has a finding for each fault of a node', () => {
    const next = (node: Buffer | undefined, value: bigint): unknown => node?.writeBigUInt64BE(value, 12)
    const second = BigInt(4096 + 1008 * 4096)
    expect(codes(shape, ([, node]) => next(node, second))).to.deep.equal(['node-loop'])
    expect(codes(shape, ([, node]) => next(node, 4096n))).to.deep.equal(['node-loop'])
    expect(codes(shape, ([, node]) => next(node, second + 513n))).to.deep.equal(['node-misplaced'])
    expect(codes(shape, ([, node]) => next(node, 2n ** 64n - 1n))).to.deep.equal(['node-misplaced'])
    expect(codes(shape, ([, , node]) => node?.writeUInt32BE(7, 4))).to.deep.equal(['node-damaged'])
    expect(codes(shape, ([, , node]) => node?.fill(0))).to.deep.equal(['node-damaged'])
    expect(codes(shape, ([, node]) => node?.writeUInt32BE(0, 4092))).to.deep.equal(['node-early'])
  })

  it('whose next node lies behind the end of the file is cut short', () => {
    const { read, length } = inMemory(shape)
    const cut = length - 1_000_000
    const short: Read = (offset, wanted) => read(offset, Math.max(0, Math.min(wanted, cut - offset)))
    const { findings } = checkSparseImage(name, { ...facts, size: cut }, short, { inUse: false })
    expect(findings.map(({ code }) => code)).to.deep.equal(['sparse-image-truncated'])
  })

  it('of any shape the writer makes is healthy', () => {
    const shapes = fc.record({
      sectorsPerBand: fc.constantFrom(1, 8, 2048),
      count: fc.nat(2400),
      spare: fc.nat(500),
      every: fc.integer({ min: 2, max: 50 }),
      version: fc.constantFrom(1, 2, 3),
    })
    fc.assert(
      fc.property(shapes, ({ sectorsPerBand, count, spare, every, version }) => {
        const table = slots(count).map((slot, index) => (index % every === 1 ? ('freed' as const) : slot))
        const sectors = Math.max(1, (count + spare) * sectorsPerBand - (spare % sectorsPerBand))
        const { read, length } = inMemory({ sectorsPerBand, sectors, slots: table, version: version })
        const structure = checkSparseImage(name, { ...facts, size: length }, read, { inUse: false })
        expect(structure.findings).to.deep.equal([])
        expect(structure.counts.virtualBytes).to.equal(sectors * 512)
        expect(structure.counts.bands).to.equal(table.filter((slot) => slot !== 'freed').length)
      }),
      { numRuns: 40 },
    )
  })
})

describe('a bundle of any shape the writer makes', () => {
  it('is healthy, and the same again', () => {
    const shapes = fc.record({
      bandSize: fc.constantFrom(mebibyte, 2 * mebibyte),
      sectors: fc.integer({ min: 1, max: 40_000 }),
      bands: fc.uniqueArray(fc.nat(19), { maxLength: 4 }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      mapped: fc.boolean(),
      token: fc.constantFrom(Buffer.alloc(0), v1Header('t'), v2Header('t'), v2Header('u', { certificate: true })),
      version: fc.constantFrom(1, 2),
      textNumbers: fc.boolean(),
      lock: fc.boolean(),
    })
    fc.assert(
      fc.property(shapes, ({ bandSize, sectors, bands, part, ...rest }) => {
        const virtualBytes = sectors * 512
        const block = rest.token.length === 0 ? 512 : 4096
        const length = (index: number): number =>
          Math.floor((Math.max(0, Math.min(bandSize, virtualBytes - index * bandSize)) * part) / block) * block
        const present = bands.filter((index) => index * bandSize < virtualBytes)
        const file = join(temporaryFolder(), 'a.sparsebundle')
        writeSparseBundle(file, {
          bandSize,
          virtualBytes,
          bands: present.map((index) => ({ index, length: length(index) })),
          ...rest,
        })
        const image = { path: fromText(file), container: 'sparse-bundle' } as const
        const structure = lookAtStructure(image, { inUse: false })
        expect(structure.findings).to.deep.equal([])
        expect(structure.counts).to.include({ bands: present.length, virtualBytes })
        expect(structure.encryption).to.equal(rest.token.length === 0 ? 'none' : rest.token.length > 2000 ? 'v2' : 'v1')
        expect(lookAtStructure(image, { inUse: false }).fingerprint).to.equal(structure.fingerprint)
      }),
      { numRuns: 15 },
    )
  })

  it('as a sparse image on disk is healthy', () => {
    const file = join(temporaryFolder(), 'a.sparseimage')
    writeSparseImage(file, { slots: [3, 1, 'freed', 0] })
    expect(
      lookAtStructure({ path: fromText(file), container: 'sparse-image' }, { inUse: false }).findings,
    ).to.deep.equal([])
  })
})

describe('headers with bytes changed', () => {
  const changes = fc.array(fc.tuple(fc.nat(1400), fc.nat(255)), { minLength: 1, maxLength: 6 })
  const changed = (bytes: Buffer, list: [number, number][]): Buffer => {
    const copy = Buffer.from(bytes)
    for (const [at, byte] of list) copy[at % copy.length] = byte
    return copy
  }

  it('give findings and never throw', () => {
    const headers = [v1Header('a'), v2Header('a'), v2Header('b', { certificate: true })]
    fc.assert(
      fc.property(fc.constantFrom(...headers), changes, fc.nat(), (header, list, cut) => {
        const bytes = changed(header, list)
        readToken(bytes, findingList(false))
        readToken(bytes.subarray(0, cut % bytes.length), findingList(false))
        readV1Header(bytes.subarray(cut % bytes.length))
        readV2Header(bytes.subarray(0, cut % bytes.length))
      }),
      { numRuns: 300 },
    )
  })

  it('of a sparse image end after a bounded number of reads', () => {
    const original = inMemory({ slots: slots(1500), sectors: 40_000 })
    fc.assert(
      fc.property(changes, fc.nat(1), (list, which) => {
        let reads = 0
        const { read, length, nodes } = inMemory({ slots: slots(1500), sectors: 40_000 })
        changed(nodes[which] as Buffer, list).copy(nodes[which] as Buffer)
        const counted: Read = (offset, wanted) => {
          reads += 1
          return read(offset, wanted)
        }
        checkSparseImage(name, { ...facts, size: length }, counted, { inUse: false })
        expect(reads).to.be.lessThan(10)
      }),
      { numRuns: 200 },
    )
    expect(original.length).to.be.greaterThan(0)
  })

  it('of property lists give findings and never throw', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const plist = { state: 'read', bytes: changed(Buffer.from(infoPlist()), list) } as const
        const empty = { state: 'read', bytes: Buffer.alloc(0) } as const
        const head = {
          name: 'a' as RawPath,
          infoPlist: plist,
          infoBackup: empty,
          token: empty,
          bands: 'folder',
        } as const
        expect(createBundleCheck(head, { inUse: false }).finish().findings).to.not.be.empty
      }),
      { numRuns: 200 },
    )
  })
})

describe('a million names', () => {
  it('in bands are counted, not kept', () => {
    const read = (text: string) => ({ state: 'read', bytes: Buffer.from(text) }) as const
    const plist = read(infoPlist({ virtualBytes: 1_000_000 * mebibyte }))
    const head = {
      name: 'a' as RawPath,
      infoPlist: plist,
      infoBackup: plist,
      token: read(''),
      bands: 'folder',
    } as const
    const check = createBundleCheck(head, { inUse: false })
    for (let index = 0; index < 500_000; index += 1) check.member('bands', bandName(index), { ...facts, size: index })
    for (let index = 0; index < 500_000; index += 1) check.member('bands', `junk ${String(index)}` as RawPath, facts)
    const { counts, findings } = check.finish()
    expect(counts).to.include({ members: 1_000_000, bands: 500_000, possibleBands: 1_000_000 })
    expect(findings).to.have.lengthOf(21)
    expect(findings[20]?.message).to.contain('499980')
    expect(worst(findings)).to.equal('warning')
  })
})

describe('small facts of the formats', () => {
  it('a band name is lower-case hex without leading zeros', () => {
    for (const good of [0, 9, 10, 15, 16, 255, 131_071, 2 ** 40]) expect(bandIndex(bandName(good))).to.equal(good)
    for (const bad of ['', '00', '01', 'A', '0x1', 'g', '-1', '1 ', '.DS_Store']) {
      expect(bandIndex(bad as RawPath), bad).to.equal(undefined)
    }
    expect(bandIndex('fffffffffffffff' as RawPath)).to.equal(Infinity)
  })

  it('a bitmap tells up to where its band is written', () => {
    expect(mappedLength(Buffer.alloc(256))).to.equal(0)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 * mebibyte }), (length) => {
        expect(mappedLength(bitmap(8 * mebibyte, length))).to.equal(Math.ceil(length / 4096) * 4096)
      }),
      { numRuns: 30 },
    )
  })

  it('a file is known by its content', () => {
    const zeros = Buffer.alloc(512)
    const koly = Buffer.concat([Buffer.from('koly'), Buffer.alloc(508)])
    expect(recogniseFile(Buffer.from('sprs\0\0\0\x03'), zeros)).to.equal('sparse-image')
    expect(recogniseFile(Buffer.from('encrcdsa'), zeros)).to.equal('encrypted-v2')
    expect(recogniseFile(zeros, v1Header('x').subarray(-512))).to.equal('encrypted-v1')
    expect(recogniseFile(zeros, koly)).to.equal('udif')
    expect(recogniseFile(Buffer.from('shdw\0\0\0\0'), zeros)).to.equal('asif')
    expect(recogniseFile(Buffer.from('3aff26ed01000000', 'hex'), zeros)).to.equal('android-sparse')
    expect(recogniseFile(Buffer.alloc(0), Buffer.alloc(0))).to.equal('none')
    expect(recogniseFile(zeros, zeros)).to.equal('none')
  })
})
