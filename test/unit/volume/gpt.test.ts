import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'
import { expect } from 'chai'
import type { Disk } from '../../../lib/image/disk.js'
import { checkDisk, partitionsOf } from '../../../lib/volume/check-disk.js'
import { changedDisk, flipped, resized, withNumbers } from '../../support/disk/changed-disk.js'
import { mapFindingsOf } from '../../support/disk/findings-of.js'
import { diskTool, madeDisk, writeBytes } from '../../support/disk/made-disk.js'
import { plainDisk } from '../../support/disk/plain-disk.js'
import { diskOfBytes, diskOfFile } from '../../support/disk/raw-disk.js'
import { realImage } from '../../support/real-images.js'

const hfsType = '48465300-0000-11AA-AA11-00306543ECAC'
const mebibyte = 1024 * 1024

/** The header in block `at` with numbers changed and its checksum made right again. */
function resummed(disk: Disk, at: number, ...numbers: readonly [offset: number, size: 4 | 8, value: number][]): Disk {
  const start = at * 512
  const moved = numbers.map(([offset, size, value]): [number, 4 | 8, number] => [start + offset, size, value])
  const other = withNumbers(disk, 'LE', ...moved)
  const header = Buffer.from(other.read(start, 92))
  header.writeUInt32LE(0, 16)
  return withNumbers(other, 'LE', [start + 16, 4, crc32(header)])
}

describe('a GUID partition table', () => {
  let disk: Disk
  let last: number

  before(function () {
    const path = madeDisk(this, 8, [
      'sgdisk',
      ['-n', '1:0:+2M', '-t', '1:af00', '-c', '1:Größe', '-n', '5:0:+1M', '-t', '5:0700', 'DISK'],
    ])
    disk = diskOfBytes(Buffer.from(diskOfFile(path).read(0, 8 * mebibyte)))
    last = disk.size / 512 - 1
  })

  it('that sgdisk made lists its partitions and has no finding', () => {
    expect(partitionsOf(disk)).to.deep.equal([
      { index: 1, scheme: 'gpt', offset: mebibyte, length: 2 * mebibyte, type: hfsType, name: 'Größe' },
      {
        index: 5,
        scheme: 'gpt',
        offset: 3 * mebibyte,
        length: mebibyte,
        type: 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7',
        name: '',
      },
    ])
    expect(mapFindingsOf(disk)).to.deep.equal([])
  })

  it('has a finding for every byte of its header, and the partitions of its backup', () => {
    for (let byte = 0; byte < 92; byte += 1) {
      const { findings, partitions } = checkDisk(flipped(disk, 512 + byte))
      const [worst] = findings
      expect(worst, `byte ${String(byte)}`).to.include({ code: 'gpt-damaged', severity: 'error' })
      expect(worst?.cure).to.contain('backup table at the end of the disk, which is whole')
      expect(partitions).to.have.lengthOf(2)
    }
  })

  it('has a finding for every byte of its backup, which is no error', () => {
    for (let byte = 0; byte < 92; byte += 1) {
      expect(mapFindingsOf(flipped(disk, last * 512 + byte)), `byte ${String(byte)}`).to.deep.equal([
        'warning gpt-backup-damaged',
      ])
    }
  })

  it('has a finding for bytes of its entries, of the first and the last one', () => {
    for (const byte of [0, 16, 32, 40, 48, 56, 127, 4 * 128, 127 * 128, 128 * 128 - 1]) {
      expect(mapFindingsOf(flipped(disk, 1024 + byte))).to.deep.equal(['error gpt-damaged'])
      expect(mapFindingsOf(flipped(disk, (last - 32) * 512 + byte))).to.deep.equal(['warning gpt-backup-damaged'])
    }
  })

  it('with impossible values is damaged although its checksum is right', () => {
    const impossible: [words: string, offset: number, size: 4 | 8, value: number][] = [
      ['revision', 8, 4, 0x20000],
      ['lies elsewhere', 24, 8, 2],
      ['no place for the other', 32, 8, 1],
      ['usable blocks', 40, 8, 1_000_000],
      ['usable blocks', 48, 8, 1_000_000],
      ['among the partitions', 72, 8, 0],
      ['among the partitions', 72, 8, 40],
      ['impossible', 80, 4, 0],
      ['impossible', 80, 4, 0xffffffff],
      ['impossible', 84, 4, 0],
      ['impossible', 84, 4, 127],
      ['impossible', 84, 4, 0xffffff80],
    ]
    for (const [words, offset, size, value] of impossible) {
      const { findings } = checkDisk(resummed(disk, 1, [offset, size, value]))
      expect(findings[0]?.code, words).to.equal('gpt-damaged')
      expect(findings[0]?.message).to.contain(words)
    }
    expect(mapFindingsOf(withNumbers(disk, 'LE', [512 + 12, 4, 0xffffffff]))).to.deep.equal(['error gpt-damaged'])
  })

  it('whose copies are both whole and differ says so', () => {
    expect(mapFindingsOf(resummed(disk, last, [56, 8, 77]))).to.deep.equal(['warning gpt-copies-differ'])
    expect(mapFindingsOf(resummed(disk, last, [40, 8, 2047]))).to.deep.equal(['warning gpt-copies-differ'])
  })

  it('without its protective MBR says so', () => {
    for (const byte of [450, 454, 510, 511])
      expect(mapFindingsOf(flipped(disk, byte)), String(byte)).to.deep.equal(['warning protective-mbr-damaged'])
  })

  it('of which only the protective MBR is left is an error', () => {
    const lost = [512, last * 512].map((offset) => ({ offset, bytes: Buffer.alloc(512) }))
    expect(mapFindingsOf(changedDisk(disk, ...lost))).to.deep.equal(['error gpt-damaged', 'warning gpt-backup-damaged'])
  })

  it('on a disk that grew or shrank since is said to have its backup elsewhere', () => {
    expect(mapFindingsOf(resized(disk, 9 * mebibyte))).to.deep.equal(['warning gpt-backup-misplaced'])
    // The usable blocks end outside, as well.
    expect(mapFindingsOf(resized(disk, 7 * mebibyte))).to.include('error gpt-damaged')
  })

  it('whose backup is all that is left is read; one left at the end of a disk with another map is not', function () {
    const lost = changedDisk(disk, { offset: 0, bytes: Buffer.alloc(34 * 512) })
    expect(mapFindingsOf(lost)).to.have.members(['error gpt-damaged', 'warning protective-mbr-damaged'])
    expect(partitionsOf(lost)).to.have.lengthOf(2)
    const other = diskOfFile(madeDisk(this, 8, ['sfdisk', ['-q', 'DISK'], 'label: dos\nsize=2M,type=83\n']))
    const end = disk.size - 33 * 512
    const left = changedDisk(other, { offset: end, bytes: disk.read(end, 33 * 512) })
    expect(partitionsOf(left)).to.deep.equal(partitionsOf(other)).and.to.have.lengthOf(1)
    expect(mapFindingsOf(left)).to.deep.equal([])
  })

  it('of blocks of 4,096 bytes is read too, and by its backup alone', () => {
    const block = 4096
    const size = 256 * block
    const bytes = Buffer.alloc(size)
    disk.read(0, 512).copy(bytes)
    const lastBlock = size / block - 1
    const entries = Buffer.from(disk.read(1024, 128 * 128))
    entries.writeBigUInt64LE(20n, 32)
    entries.writeBigUInt64LE(29n, 40)
    entries.fill(0, 128)
    for (const [at, other, place] of [
      [1, lastBlock, 2],
      [lastBlock, 1, lastBlock - 4],
    ] as const) {
      const header = Buffer.from(disk.read(512, 92))
      for (const [offset, value] of [
        [24, at],
        [32, other],
        [40, 6],
        [48, lastBlock - 5],
        [72, place],
      ] as const)
        header.writeBigUInt64LE(BigInt(value), offset)
      header.writeUInt32LE(crc32(entries), 88)
      header.writeUInt32LE(0, 16)
      header.writeUInt32LE(crc32(header), 16)
      header.copy(bytes, at * block)
      entries.copy(bytes, place * block)
    }
    expect(mapFindingsOf(diskOfBytes(bytes))).to.deep.equal([])
    expect(partitionsOf(diskOfBytes(bytes))[0]).to.include({ offset: 20 * block, length: 10 * block })
    bytes.fill(0, block, 2 * block)
    expect(mapFindingsOf(diskOfBytes(bytes))).to.deep.equal(['error gpt-damaged'])
    expect(partitionsOf(diskOfBytes(bytes))).to.have.lengthOf(1)
  })

  it('of an image that hdiutil made in 2008 is whole, and its partition was never formatted', function () {
    const real = plainDisk(realImage(this, 'gpt-plain.sparseimage.tgz').file)
    const { partitions, findings } = checkDisk(real)
    expect(partitions).to.deep.equal([
      { index: 1, scheme: 'gpt', offset: 20_480, length: 24_576, type: hfsType, name: 'disk image' },
    ])
    expect(findings.map(({ code }) => code)).to.deep.equal(['volume-blank'])
    expect(mapFindingsOf(flipped(real, 512 + 60))).to.deep.equal(['error gpt-damaged'])
  })

  it('is judged as sgdisk judges it', function () {
    const path = madeDisk(this, 8, ['sgdisk', ['-n', '1:0:+2M', 'DISK']])
    const verify = (): string => diskTool(this, 'sgdisk', ['-v', path]).output
    expect(verify()).to.contain('No problems found')
    expect(mapFindingsOf(diskOfFile(path))).to.deep.equal([])
    writeBytes(path, 512 + 40, Buffer.from([77]))
    expect(verify()).to.match(/invalid main GPT header|CRC/i)
    expect(mapFindingsOf(diskOfFile(path))).to.deep.equal(['error gpt-damaged'])
  })
})

describe('the places of partitions', () => {
  it('outside of the disk and over each other are errors', function () {
    const path = madeDisk(this, 8, ['sfdisk', ['-q', 'DISK'], 'label: dos\nsize=2M,type=83\nsize=2M,type=83\n'])
    const disk = diskOfFile(path)
    expect(mapFindingsOf(disk)).to.deep.equal([])
    const second = 446 + 16
    expect(mapFindingsOf(withNumbers(disk, 'LE', [second + 12, 4, 100_000]))).to.deep.equal([
      'error partition-outside-disk',
    ])
    expect(mapFindingsOf(withNumbers(disk, 'LE', [second + 8, 4, 3000]))).to.deep.equal(['error partitions-overlap'])
  })
})
