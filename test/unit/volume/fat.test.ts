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

const mebibyte = 1024 * 1024

describe('a FAT volume', () => {
  for (const [kind, megabytes, options] of [
    ['fat12', 4, ['-F', '12']],
    ['fat16', 32, ['-F', '16']],
    ['fat16', 512, ['-F', '16', '-S', '4096']],
    ['fat32', 64, ['-F', '32']],
    ['fat32', 64, ['-F', '32', '-f', '1']],
    ['fat32', 600, ['-F', '32', '-S', '2048', '-b', '4']],
  ] as const) {
    it(`that mkfs.vfat made with ${options.join(' ')} is named, clean and without finding`, function () {
      const path = madeDisk(this, megabytes, ['mkfs.vfat', [...options, '-n', 'Cameras', 'DISK']])
      const { volumes, findings } = checkDisk(diskOfFile(path))
      expect(findings).to.deep.equal([])
      expect(volumes).to.deep.equal([
        { partition: null, kind, name: 'Cameras', bytes: megabytes * mebibyte, encrypted: false, clean: true },
      ])
    })
  }

  it('of a real image is named and without finding', function () {
    const { volumes, findings } = checkDisk(plainDisk(realImage(this, 'fat16-plain-mapped.sparsebundle.tgz').file))
    expect(findings).to.deep.equal([])
    expect(volumes).to.deep.equal([
      { partition: null, kind: 'fat16', name: 'UNTITLED', bytes: 100_000_256, encrypted: false, clean: true },
    ])
  })

  describe('of kind FAT16', () => {
    let disk: Disk
    let table: number

    beforeEach(function () {
      disk = diskOfFile(madeDisk(this, 16, ['mkfs.vfat', ['-F', '16', '-n', 'SIXTEEN', 'DISK']]))
      table = disk.read(14, 2).readUInt16LE(0) * 512
    })

    it('has a finding for each impossible value of its boot sector', () => {
      const impossible: [words: string, offset: number, size: 1 | 2 | 4, value: number][] = [
        ['jump', 0, 1, 0],
        ['sector size', 11, 2, 0],
        ['sector size', 11, 2, 513],
        ['cluster size', 13, 1, 0],
        ['cluster size', 13, 1, 3],
        ['reserved', 14, 2, 0],
        ['allocation tables', 16, 1, 0],
        ['allocation tables', 16, 1, 3],
        ['mixed', 17, 2, 0],
        ['ends behind', 19, 2, 0xffff],
        ['kind of medium', 21, 1, 0xf1],
        ['too short', 22, 2, 1],
        ['no room', 22, 2, 0xffff],
        ['signature', 510, 2, 0],
      ]
      for (const [words, offset, size, value] of impossible) {
        const { findings } = checkDisk(withNumbers(disk, 'LE', [offset, size, value]))
        const found = findings.find(({ code }) => code === 'fat-boot-damaged')
        expect(found, `${words} ${String(value)}`).to.include({ severity: 'error', cure: 'Restore an older copy.' })
        expect(found?.message).to.contain(words)
      }
      expect(findingsOf(resized(disk, 10 * mebibyte))).to.deep.equal(['error fat-boot-damaged'])
      const [finding] = checkDisk(withNumbers(disk, 'LE', [19, 2, 0], [32, 4, 0])).findings
      expect(finding?.message).to.contain('no size')
    })

    it('has a finding for its table', () => {
      expect(findingsOf(withNumbers(disk, 'LE', [table, 1, 0]))).to.have.members([
        'error fat-table-damaged',
        'warning fat-tables-differ',
      ])
      expect(findingsOf(flipped(disk, table + 100))).to.deep.equal(['warning fat-tables-differ'])
      // Another kind of medium than the boot sector's harms nobody.
      expect(findingsOf(withNumbers(disk, 'LE', [21, 1, 0xf0]))).to.deep.equal(['warning fat-table-damaged'])
    })

    it('says what it says of itself', () => {
      const length = disk.read(22, 2).readUInt16LE(0) * 512
      const second = (value: number): Disk =>
        withNumbers(disk, 'LE', [table + 2, 2, value], [table + length + 2, 2, value])
      expect(findingsOf(second(0x7fff))).to.deep.equal(['warning volume-unclean'])
      expect(findingsOf(second(0xbfff))).to.deep.equal(['warning volume-inconsistent'])
      expect(findingsOf(withNumbers(disk, 'LE', [37, 1, 1]))).to.deep.equal(['warning volume-unclean'])
    })
  })

  describe('of kind FAT32', () => {
    let path: string
    let disk: Disk

    beforeEach(function () {
      path = madeDisk(this, 64, ['mkfs.vfat', ['-F', '32', '-n', 'THIRTYTWO', 'DISK']])
      disk = diskOfFile(path)
    })

    it('whose boot sector is damaged is repaired from its backup', () => {
      for (const damage of [
        changedDisk(disk, { offset: 0, bytes: Buffer.alloc(512) }),
        withNumbers(disk, 'LE', [11, 2, 0]),
        withNumbers(disk, 'LE', [44, 4, 0]),
        withNumbers(disk, 'LE', [44, 4, 0xfffffff]),
        withNumbers(disk, 'LE', [36, 4, 1]),
        withNumbers(disk, 'LE', [42, 2, 1]),
        flipped(disk, 510),
      ]) {
        const { findings, volumes } = checkDisk(damage)
        expect(findings.map(({ code }) => code)).to.deep.equal(['fat-boot-damaged'])
        expect(findings[0]?.cure).to.contain('from its backup, which is whole')
        expect(volumes[0]).to.include({ kind: 'fat32', name: 'THIRTYTWO' })
      }
    })

    it('has a finding for every byte of the two boot sectors that has to be the same', () => {
      for (let byte = 3; byte < 65; byte += 1)
        expect(findingsOf(flipped(disk, 6 * 512 + byte)), String(byte)).to.deep.equal(['warning fat-backup-differs'])
    })

    it('has a finding for the sector that counts free clusters', () => {
      for (const damage of [
        flipped(disk, 512),
        flipped(disk, 512 + 484),
        flipped(disk, 512 + 510),
        withNumbers(disk, 'LE', [512 + 488, 4, 0xfffffffe]),
      ])
        expect(findingsOf(damage)).to.deep.equal(['warning fat-information-damaged'])
      expect(findingsOf(withNumbers(disk, 'LE', [512 + 488, 4, 0xffffffff]))).to.deep.equal([])
    })

    it('is judged as fsck.vfat judges it', function () {
      const judged = (): boolean => {
        const { output, fine } = diskTool(this, 'fsck.vfat', ['-n', path])
        return fine && !output.includes('differences between boot sector and its backup')
      }
      expect(judged()).to.equal(true)
      for (const [offset, byte] of [
        [65, 1],
        [6 * 512 + 13, 64],
        [512, 0],
        [32 * 512, 0],
      ] as const) {
        const before = Buffer.from(disk.read(offset, 1))
        writeBytes(path, offset, Buffer.from([byte]))
        expect(judged(), String(offset)).to.equal(false)
        expect(findingsOf(disk), String(offset)).to.not.be.empty
        writeBytes(path, offset, before)
      }
      expect(findingsOf(disk)).to.deep.equal([])
    })
  })
})

describe('an exFAT volume', () => {
  let path: string
  let disk: Disk

  beforeEach(function () {
    path = madeDisk(this, 64, ['mkfs.exfat', ['-L', 'Fotos 2019', 'DISK']])
    disk = diskOfFile(path)
  })

  it('that mkfs.exfat made is named, clean and without finding', () => {
    const { volumes, findings } = checkDisk(disk)
    expect(findings).to.deep.equal([])
    expect(volumes).to.deep.equal([
      { partition: null, kind: 'exfat', name: 'Fotos 2019', bytes: 64 * mebibyte, encrypted: false, clean: true },
    ])
  })

  it('has a finding for every byte of its boot sector but the flags, and for others of its boot region', () => {
    const bytes = Array.from({ length: 512 }, (_, byte) => byte).filter((byte) => ![106, 107, 112].includes(byte))
    for (const byte of [...bytes, 512, 512 + 511, 5000, 11 * 512, 12 * 512 - 1]) {
      const { findings, volumes } = checkDisk(flipped(disk, byte))
      expect(
        findings.map(({ code }) => code),
        String(byte),
      ).to.deep.equal(['exfat-boot-damaged'])
      expect(findings[0]?.cure).to.contain('from its backup, which is whole')
      expect(volumes[0]).to.include({ name: 'Fotos 2019' })
      expect(findingsOf(flipped(disk, 12 * 512 + byte)), String(byte)).to.deep.equal(['warning exfat-backup-damaged'])
    }
    const lost = changedDisk(disk, { offset: 0, bytes: Buffer.alloc(12 * 512) })
    expect(findingsOf(lost)).to.deep.equal(['error exfat-boot-damaged'])
  })

  it('of which both boot regions are damaged names no such cure', () => {
    const { findings, volumes } = checkDisk(withNumbers(disk, 'LE', [108, 1, 0], [12 * 512 + 108, 1, 0]))
    expect(findings.map(({ code }) => code)).to.deep.equal(['exfat-boot-damaged', 'exfat-backup-damaged'])
    expect(findings[0]?.cure).to.equal('Restore an older copy.')
    expect(volumes).to.deep.equal([])
  })

  it('with impossible values is damaged although its checksum is right', () => {
    const impossible: [words: string, offset: number, size: 1 | 2 | 4 | 8, value: number][] = [
      ['must be zero', 20, 1, 1],
      ['ends behind', 72, 8, 0],
      ['ends behind', 72, 8, 2 ** 40],
      ['allocation table', 80, 4, 0],
      ['allocation table', 84, 4, 0],
      ['allocation table', 84, 4, 0xffffffff],
      ['clusters', 88, 4, 0xffffffff],
      ['clusters', 92, 4, 0xffffffff],
      ['root folder', 96, 4, 1],
      ['root folder', 96, 4, 0xffffffff],
      ['version', 105, 1, 2],
      ['sector size', 108, 1, 13],
      ['sector size', 108, 1, 0],
      ['cluster size', 109, 1, 200],
      ['allocation tables', 110, 1, 0],
      ['jump', 1, 1, 0],
      ['signature', 510, 1, 0],
    ]
    for (const [words, ...number] of impossible) {
      const { findings } = checkDisk(resummed(disk, 0, number))
      expect(findings[0], words).to.include({ code: 'exfat-boot-damaged' })
      expect(findings[0]?.message).to.contain(words)
    }
    expect(findingsOf(resummed(disk, 12 * 512, [100, 4, 5]))).to.deep.equal([])
    expect(findingsOf(resummed(disk, 12 * 512, [96, 4, 7]))).to.deep.equal(['warning exfat-backup-differs'])
  })

  it('has a finding for its table and for what it says of itself', () => {
    const table = disk.read(80, 4).readUInt32LE(0) * 512
    expect(findingsOf(withNumbers(disk, 'LE', [table, 4, 0]))).to.deep.equal(['error fat-table-damaged'])
    expect(findingsOf(withNumbers(disk, 'LE', [table + 4, 4, 0]))).to.deep.equal(['error fat-table-damaged'])
    expect(findingsOf(withNumbers(disk, 'LE', [106, 2, 2]))).to.deep.equal(['warning volume-unclean'])
    expect(findingsOf(withNumbers(disk, 'LE', [106, 2, 4]))).to.deep.equal(['warning volume-inconsistent'])
  })

  it('is judged as fsck.exfat judges it', function () {
    const judged = (): boolean => diskTool(this, 'fsck.exfat', ['-n', path]).fine
    expect(judged()).to.equal(true)
    writeBytes(path, 80, Buffer.from([1]))
    expect(judged()).to.equal(false)
    expect(findingsOf(disk)).to.deep.equal(['error exfat-boot-damaged'])
  })
})

/** The boot region at `start` with a number of its boot sector changed and its checksum made right again. */
function resummed(
  disk: Disk,
  start: number,
  [offset, size, value]: [offset: number, size: 1 | 2 | 4 | 8, value: number],
): Disk {
  const other = withNumbers(disk, 'LE', [start + offset, size, value])
  let sum = 0
  other.read(start, 11 * 512).forEach((byte, at) => {
    if (![106, 107, 112].includes(at)) sum = ((((sum & 1) << 31) | (sum >>> 1)) + byte) >>> 0
  })
  const sums = Buffer.alloc(512)
  for (let at = 0; at < 512; at += 4) sums.writeUInt32LE(sum, at)
  return changedDisk(other, { offset: start + 11 * 512, bytes: sums })
}
