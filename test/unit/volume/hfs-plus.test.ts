import { Buffer } from 'node:buffer'
import { expect } from 'chai'
import type { Disk } from '../../../lib/image/disk.js'
import { checkDisk } from '../../../lib/volume/check-disk.js'
import { changedDisk, flipped, resized, withNumbers } from '../../support/disk/changed-disk.js'
import { findingsOf } from '../../support/disk/findings-of.js'
import { diskTool, madeDisk, writeBytes } from '../../support/disk/made-disk.js'
import { plainDisk } from '../../support/disk/plain-disk.js'
import { diskOfFile } from '../../support/disk/raw-disk.js'
import { realImage } from '../../support/real-images.js'

const header = 1024
const block = 4096
const catalog = 317 * block
const attributes = 141 * block
const extents = 131 * block

describe('an HFS+ volume of a real image', () => {
  let disk: Disk
  let alternate: number
  let journalInfo: number
  let journal: number

  before(function () {
    disk = plainDisk(realImage(this, 'hfsj-plain.sparsebundle.tgz').file)
    alternate = disk.size - 1024
    journalInfo = disk.read(header + 12, 4).readUInt32BE(0) * block
    journal = Number(disk.read(journalInfo + 36, 8).readBigUInt64BE(0))
  })

  it('is named, clean and without finding', () => {
    const { partitions, volumes, findings } = checkDisk(disk)
    expect(partitions).to.deep.equal([])
    expect(volumes).to.deep.equal([
      { partition: null, kind: 'hfs+', name: 'Test1', bytes: 5_242_880, encrypted: false, clean: true },
    ])
    expect(findings).to.deep.equal([])
  })

  it('is read as others read it', function () {
    const path = madeDisk(this, 0)
    writeBytes(path, 0, disk.read(0, disk.size))
    expect(diskTool(this, 'fshfsinfo', [path]).output).to.match(/Name\s*: Test1/)
    writeBytes(path, header, Buffer.from('XX'))
    expect(diskTool(this, 'fshfsinfo', [path]).output).to.contain('invalid volume system signature')
  })

  it('whose header is lost or holds impossible values is repaired from its alternate', () => {
    const damaged: [words: string, damage: Disk][] = [
      ['signature', flipped(disk, header)],
      ['signature', flipped(disk, header + 1)],
      ['signature', changedDisk(disk, { offset: 0, bytes: Buffer.alloc(4096) })],
      ['version', withNumbers(disk, 'BE', [header + 2, 2, 5])],
      ['block size', withNumbers(disk, 'BE', [header + 40, 4, 0])],
      ['block size', withNumbers(disk, 'BE', [header + 40, 4, 4095])],
      ['ends behind', withNumbers(disk, 'BE', [header + 40, 4, 0x80000000])],
      ['no size', withNumbers(disk, 'BE', [header + 44, 4, 0])],
      ['ends behind', withNumbers(disk, 'BE', [header + 44, 4, 1281])],
      ['are free', withNumbers(disk, 'BE', [header + 48, 4, 1281])],
      ['next block', withNumbers(disk, 'BE', [header + 52, 4, 0xffffffff])],
      ['catalog number', withNumbers(disk, 'BE', [header + 64, 4, 15])],
    ]
    for (const [words, damage] of damaged) {
      const { findings, volumes } = checkDisk(damage)
      expect(
        findings.map(({ code }) => code),
        words,
      ).to.deep.equal(['hfs-header-damaged'])
      expect(findings[0]?.severity).to.equal('error')
      expect(findings[0]?.message).to.contain(words)
      expect(findings[0]?.cure).to.contain('`fsck_hfs` writes it anew from the alternate header, which is whole')
      expect(volumes[0]).to.include({ name: 'Test1', bytes: 5_242_880 })
    }
  })

  it('of which both headers are damaged names no such cure', () => {
    const [finding] = checkDisk(withNumbers(disk, 'BE', [header + 44, 4, 0], [alternate + 44, 4, 0])).findings
    expect(finding).to.include({ code: 'hfs-header-damaged', cure: 'Restore an older copy.' })
  })

  it('whose alternate is damaged can be opened all the same', () => {
    for (const damage of [
      flipped(disk, alternate),
      withNumbers(disk, 'BE', [alternate + 40, 4, 0]),
      withNumbers(disk, 'BE', [alternate + 44, 4, 0xffffffff]),
    ])
      expect(findingsOf(damage)).to.deep.equal(['warning hfs-alternate-damaged'])
  })

  it('whose two headers tell of other sizes says so', () => {
    expect(findingsOf(withNumbers(disk, 'BE', [alternate + 44, 4, 1000], [alternate + 48, 4, 0]))).to.deep.equal([
      'warning hfs-headers-differ',
    ])
    expect(findingsOf(withNumbers(disk, 'BE', [alternate, 4, 0x48580005]))).to.deep.equal([
      'warning hfs-headers-differ',
    ])
  })

  it('that ends before its disk does has its alternate at its own end', () => {
    expect(findingsOf(resized(disk, disk.size + 2 ** 20))).to.deep.equal([])
    expect(findingsOf(resized(disk, disk.size - 2 ** 20))).to.include('error hfs-header-damaged')
  })

  it('whose special files lie at impossible places is damaged', () => {
    const impossible: [words: string, offset: number, size: 4 | 8, value: number][] = [
      ['too short for the volume', 112, 8, 100],
      ['longer than its blocks', 272, 8, 2 ** 40],
      ['do not add up', 272 + 12, 4, 9],
      ['do not add up', 272 + 12, 4, 11],
      ['no catalog', 272 + 12, 4, 0],
      ['no file of overflowing', 192 + 12, 4, 0],
      ['ends outside', 272 + 16, 4, 1275],
      ['ends outside', 112 + 16, 4, 0xffffffff],
      ['share blocks', 272 + 16, 4, 150],
    ]
    for (const [words, offset, size, value] of impossible) {
      const { findings } = checkDisk(withNumbers(disk, 'BE', [header + offset, size, value]))
      const found = findings.find(({ code }) => code === 'hfs-files-damaged')
      expect(found?.severity, words).to.equal('error')
      expect(found?.message).to.contain(words)
    }
  })

  it('has a finding for each fault of the head of a B-tree', () => {
    const impossible: [words: string, offset: number, size: 1 | 2 | 4, value: number][] = [
      ['no header node', 8, 1, 0],
      ['no header node', 9, 1, 1],
      ['no header node', 10, 2, 4],
      ['a depth of', 14, 2, 17],
      ['do not fit', 14, 2, 0],
      ['do not fit', 16, 4, 0],
      ['lies outside', 16, 4, 1000],
      ['do not fit', 20, 4, 0],
      ['lies outside', 24, 4, 1000],
      ['lies outside', 28, 4, 1000],
      ['first leaf', 24, 4, 2],
      ['last leaf', 28, 4, 3],
      ['impossible', 32, 2, 0],
      ['impossible', 32, 2, 4097],
      ['impossible', 32, 2, 0x8001],
      ['more nodes', 36, 4, 11],
      ['more nodes', 36, 4, 0],
      ['are free', 40, 4, 10],
      ['records of its header node', block - 2, 2, 15],
      ['records of its header node', block - 6, 2, 15],
    ]
    for (const [words, offset, size, value] of impossible) {
      const { findings } = checkDisk(withNumbers(disk, 'BE', [catalog + offset, size, value]))
      expect(
        findings.map(({ severity, code }) => `${severity} ${code}`),
        words,
      ).to.include('error hfs-tree-damaged')
      expect(findings.map(({ message }) => message).join(), words).to.match(new RegExp(`catalog.*${words}`))
    }
    expect(findingsOf(withNumbers(disk, 'BE', [catalog + 34, 2, 515]))).to.deep.equal(['error hfs-tree-damaged'])
    expect(findingsOf(withNumbers(disk, 'BE', [extents + 34, 2, 11]))).to.deep.equal(['error hfs-tree-damaged'])
    expect(findingsOf(flipped(disk, attributes + 8))).to.deep.equal(['error hfs-tree-damaged'])
  })

  it('has a finding for each fault on the way from the root of a B-tree to its leaves', () => {
    const root = catalog + 3 * block
    const leaf = catalog + disk.read(catalog + 24, 4).readUInt32BE(0) * block
    const last = catalog + disk.read(catalog + 28, 4).readUInt32BE(0) * block
    for (const damage of [
      flipped(disk, root + 8),
      flipped(disk, root + 9),
      flipped(disk, root + 4),
      withNumbers(disk, 'BE', [root + 10, 2, 0]),
      withNumbers(disk, 'BE', [root + 10, 2, 0xffff]),
      flipped(disk, root + block - 2),
      flipped(disk, leaf + 8),
      flipped(disk, leaf + 9),
      flipped(disk, leaf + block - 1),
      flipped(disk, last + 8),
      flipped(disk, last),
      withNumbers(disk, 'BE', [root + 14, 2, 0xfff0]),
      // The root names itself as its first child.
      withNumbers(disk, 'BE', [root + 14 + 2 + disk.read(root + 14, 2).readUInt16BE(0), 4, 3]),
    ])
      expect(findingsOf(damage)).to.deep.equal(['error hfs-tree-damaged'])
  })

  it('whose catalog is in more than eight pieces is followed as far as the header tells of them', () => {
    const pieces = Array.from({ length: 8 }, (_, piece): [number, 4, number][] => [
      [header + 272 + 16 + piece * 8, 4, 317 + piece],
      [header + 272 + 20 + piece * 8, 4, 1],
    ]).flat()
    const scattered = withNumbers(disk, 'BE', ...pieces)
    expect(checkDisk(scattered)).to.deep.include({ findings: [] })
    expect(checkDisk(scattered).volumes[0]?.name).to.equal('Test1')
    // Node 9 lies in a piece of which only the file of overflowing extents knows.
    for (const at of [16, 28]) expect(findingsOf(withNumbers(scattered, 'BE', [catalog + at, 4, 9]))).to.deep.equal([])
    expect(findingsOf(withNumbers(scattered, 'BE', [catalog + 28, 4, 7]))).to.deep.equal(['error hfs-tree-damaged'])
  })

  it('has a finding for each fault of its journal', () => {
    const faults: Disk[] = [
      withNumbers(disk, 'BE', [header + 12, 4, 0]),
      withNumbers(disk, 'BE', [header + 12, 4, 5000]),
      withNumbers(disk, 'BE', [journalInfo, 4, 0]),
      withNumbers(disk, 'BE', [journalInfo + 36, 8, 0]),
      withNumbers(disk, 'BE', [journalInfo + 36, 8, -1]),
      withNumbers(disk, 'BE', [journalInfo + 44, 8, 0]),
      withNumbers(disk, 'BE', [journalInfo + 44, 8, 2 ** 40]),
      withNumbers(disk, 'BE', [journalInfo + 44, 8, 520_192]),
      ...Array.from({ length: 44 }, (_, byte) => flipped(disk, journal + byte)),
    ]
    faults.forEach((damage, index) =>
      expect(findingsOf(damage), String(index)).to.deep.equal(['warning hfs-journal-damaged']),
    )
    // On another device, or still to be made: nothing to look at here.
    const blank = changedDisk(disk, { offset: journal, bytes: Buffer.alloc(44) })
    for (const flags of [2, 5]) expect(findingsOf(withNumbers(blank, 'BE', [journalInfo, 4, flags]))).to.deep.equal([])
    expect(findingsOf(blank)).to.deep.equal(['warning hfs-journal-damaged'])
  })

  it('that was not unmounted in order says so, louder without a journal', () => {
    const attributesOf = (bits: number): Disk => withNumbers(disk, 'BE', [header + 4, 4, bits])
    expect(findingsOf(attributesOf(0x80002000))).to.deep.equal(['info volume-unclean'])
    expect(findingsOf(attributesOf(0x80000000))).to.deep.equal(['warning volume-unclean'])
    expect(checkDisk(attributesOf(0x80002000)).volumes[0]?.clean).to.equal(false)
    expect(findingsOf(attributesOf(0x80002900))).to.deep.equal(['warning volume-inconsistent'])
    const full = journalWith(disk, journal, (head) => head.writeBigUInt64LE(head.readBigUInt64LE(8) + 512n, 16))
    expect(findingsOf(full)).to.deep.equal(['info volume-unclean'])
    expect(findingsOf(journalWith(disk, journal, (head) => head.writeBigUInt64LE(2n ** 40n, 16)))).to.deep.equal([
      'warning hfs-journal-damaged',
    ])
  })

  it('that is in use, or was when its Mac crashed, may have blocks that only its journal has: a warning', () => {
    const last = catalog + disk.read(catalog + 28, 4).readUInt32BE(0) * block
    // A leaf was split: the old last one is written, the head of the tree with the new one is not.
    const split = withNumbers(disk, 'BE', [last, 4, 9])
    expect(findingsOf(split)).to.deep.equal(['error hfs-tree-damaged'])
    const full = journalWith(split, journal, (head) => head.writeBigUInt64LE(head.readBigUInt64LE(8) + 512n, 16))
    expect(findingsOf(full)).to.deep.equal(['warning hfs-tree-damaged', 'info volume-unclean'])
    expect(findingsOf(withNumbers(split, 'BE', [header + 4, 4, 0x80002000]))[0]).to.equal('warning hfs-tree-damaged')
    const misplaced = withNumbers(disk, 'BE', [header + 4, 4, 0x80002000], [header + 112, 8, 0])
    expect(findingsOf(misplaced)[0]).to.equal('warning hfs-files-damaged')
  })

  it('that another file system took the place of leaves its alternate behind, which is no damage', () => {
    const letters: [number, string][] = [
      [3, 'NTFS    '],
      [0, 'LUKS\xba\xbe'],
      [0, 'XFSB'],
      [88, 'CS'],
      [1080, '\x53\xef'],
      [65_600, '_BHRfS_M'],
    ]
    for (const [offset, text] of letters) {
      const zeros = changedDisk(disk, { offset: 0, bytes: Buffer.alloc(70_000) })
      const other = changedDisk(zeros, { offset, bytes: Buffer.from(text, 'latin1') })
      expect(findingsOf(zeros)).to.include('error hfs-header-damaged')
      expect(findingsOf(other), text).to.deep.equal(['warning volume-unknown'])
    }
  })

  it('whose journal a PowerPC wrote is read too', () => {
    const other = journalWith(
      disk,
      journal,
      (head) => {
        head.subarray(0, 8).swap32()
        head.subarray(8, 32).swap64()
        head.subarray(32, 44).swap32()
      },
      'BE',
    )
    expect(findingsOf(other)).to.deep.equal([])
  })

  it('in the wrapper of an HFS volume is followed', () => {
    const at = 2 * 4096
    const wrapped = changedDisk(
      resized(disk, at + disk.size),
      { offset: 0, bytes: Buffer.alloc(at) },
      { offset: at, bytes: disk.read(0, disk.size) },
    )
    const inside = withNumbers(
      wrapped,
      'BE',
      [1024, 2, 0x4244],
      [1024 + 20, 4, 4096],
      [1024 + 28, 2, 8],
      [1024 + 124, 2, 0x482b],
      [1024 + 126, 2, 1],
      [1024 + 128, 2, 1280],
    )
    const { volumes, findings } = checkDisk(inside)
    expect(findings).to.deep.equal([])
    expect(volumes[0]).to.include({ kind: 'hfs+', name: 'Test1' })
  })
})

/** The journal's header changed, its checksum made right again in the byte order said. */
function journalWith(disk: Disk, at: number, change: (head: Buffer) => void, order: 'LE' | 'BE' = 'LE'): Disk {
  const head = Buffer.from(disk.read(at, 44))
  change(head)
  head.writeUInt32LE(0, 36)
  let sum = 0
  for (const byte of head) sum = ((sum << 8) ^ (sum + byte)) | 0
  if (order === 'LE') head.writeUInt32LE(~sum >>> 0, 36)
  else head.writeUInt32BE(~sum >>> 0, 36)
  return changedDisk(disk, { offset: at, bytes: head })
}

describe('an HFS+ volume that xorriso made', () => {
  it('has no finding', function () {
    const mixed = madeDisk(this, 0, [
      'xorriso',
      ['-as', 'mkisofs', '-quiet', '-hfsplus', '-V', 'Volume', '-o', 'DISK', 'lib/text'],
    ])
    const disk = diskOfFile(mixed)
    const { offset, length } = checkDisk(disk).partitions.find(({ type }) => type === 'Apple_HFS') ?? {
      offset: 0,
      length: 0,
    }
    const alone = madeDisk(this, 0)
    writeBytes(alone, 0, disk.read(offset, length))
    const { volumes, findings } = checkDisk(diskOfFile(alone))
    expect(findings).to.deep.equal([])
    expect(volumes[0]?.name).to.equal('Volume')
  })
})
