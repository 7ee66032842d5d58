import { Buffer } from 'node:buffer'
import { expect } from 'chai'
import type { Disk } from '../../../lib/image/disk.js'
import { checkDisk, partitionsOf } from '../../../lib/volume/check-disk.js'
import { changedDisk, countedDisk, flipped, withNumbers } from '../../support/disk/changed-disk.js'
import { mapFindingsOf } from '../../support/disk/findings-of.js'
import { diskTool, madeDisk } from '../../support/disk/made-disk.js'
import { diskOfBytes, diskOfFile } from '../../support/disk/raw-disk.js'

const mebibyte = 1024 * 1024

describe('a master boot record', () => {
  let path: string
  let disk: Disk
  let chain: number[]

  beforeEach(function () {
    path = madeDisk(this, 64, [
      'sfdisk',
      ['-q', 'DISK'],
      'label: dos\nsize=10M,type=c\nsize=30M,type=5\nsize=2M,type=7\nsize=2M,type=af\nsize=4M,type=83\nsize=4M,type=83\nsize=4M,type=83\n',
    ])
    disk = diskOfFile(path)
    // The blocks of the chain: each says where the next one is, counted from the first.
    const extended = disk.read(446 + 16 + 8, 4).readUInt32LE(0)
    chain = [extended]
    for (let next = 1; next > 0;) {
      next = disk.read((chain.at(-1) as number) * 512 + 446 + 16 + 8, 4).readUInt32LE(0)
      if (next > 0) chain.push(extended + next)
    }
  })

  it('that sfdisk made lists primary and logical partitions as sfdisk does, and has no finding', function () {
    const { output } = diskTool(this, 'sfdisk', ['--dump', path])
    const theirs = [...output.matchAll(/disk(\d+) : start= *(\d+), size= *(\d+), type=(\w+)/g)].map((match) => ({
      index: Number(match[1]),
      offset: Number(match[2]) * 512,
      length: Number(match[3]) * 512,
      type: `0x${(match[4] as string).padStart(2, '0')}`,
    }))
    const ours = partitionsOf(disk).map(({ index, offset, length, type }) => ({ index, offset, length, type }))
    expect(ours).to.have.deep.members(theirs.filter(({ type }) => type !== '0x05'))
    expect(ours).to.have.lengthOf(6)
    expect(mapFindingsOf(disk)).to.deep.equal([])
    expect(chain).to.have.lengthOf(3)
  })

  it('without its signature, or with an entry neither active nor inactive, is damaged', () => {
    for (const byte of [510, 511, 446, 462, 478, 494])
      expect(mapFindingsOf(flipped(disk, byte)), String(byte)).to.deep.equal(['error mbr-damaged'])
  })

  it('whose chain of logical partitions is broken says where', () => {
    const [first, second, third] = chain as [number, number, number]
    const next = second * 512 + 446 + 16 + 8
    for (const broken of [
      flipped(disk, second * 512 + 510),
      flipped(disk, first * 512 + 511),
      withNumbers(disk, 'LE', [next, 4, 0xfffffff]),
      withNumbers(disk, 'LE', [next, 4, 7]),
    ])
      expect(mapFindingsOf(broken)).to.deep.equal(['error mbr-chain-damaged'])
    expect(third).to.be.greaterThan(second)
  })

  it('whose chain points back to itself ends', () => {
    const [first, second] = chain as [number, number, number]
    for (const target of [0, second - first]) {
      const { disk: counted, bytesRead } = countedDisk(
        withNumbers(disk, 'LE', [second * 512 + 446 + 16 + 8, 4, target]),
      )
      const { findings, partitions } = checkDisk(counted)
      expect(findings[0]).to.include({ code: 'mbr-chain-damaged' })
      expect(findings[0]?.message).to.contain('never end')
      expect(partitions).to.have.lengthOf(5)
      expect(bytesRead()).to.be.lessThan(2 * mebibyte)
    }
  })

  it('whose chain is longer than any ends', () => {
    // Each block names the one 8 sectors behind itself.
    const [extended] = chain as [number]
    const block = (at: number): [number, 1 | 2 | 4, number][] => [
      [at + 446 + 4, 1, 0x83],
      [at + 446 + 8, 4, 1],
      [at + 446 + 12, 4, 7],
      [at + 462 + 4, 1, 5],
      [at + 462 + 8, 4, 8 * ((at / 512 - extended) / 8 + 1)],
      [at + 462 + 12, 4, 8],
      [at + 510, 2, 0xaa55],
    ]
    const long = Array.from({ length: 300 }, (_, index) => block((extended + index * 8) * 512)).flat()
    const { findings, partitions } = checkDisk(withNumbers(disk, 'LE', ...long))
    expect(findings.filter(({ code }) => code === 'mbr-chain-damaged')).to.have.lengthOf(1)
    expect(partitions).to.have.lengthOf(3 + 128)
  })
})

describe('an Apple partition map', () => {
  let disk: Disk

  beforeEach(function () {
    disk = diskOfFile(
      madeDisk(this, 16, ['parted', ['-s', 'DISK', 'mklabel', 'mac', 'mkpart', 'Daten', 'hfs+', '1M', '9M']]),
    )
  })

  it('that parted made lists its partitions and has no finding', () => {
    expect(partitionsOf(disk)).to.deep.equal([
      { index: 1, scheme: 'apm', offset: 512, length: 63 * 512, type: 'Apple_partition_map', name: 'Apple' },
      {
        index: 2,
        scheme: 'apm',
        offset: mebibyte,
        length: 8 * mebibyte,
        type: 'Apple_HFS',
        name: 'Daten',
      },
    ])
    expect(mapFindingsOf(disk)).to.deep.equal([])
  })

  it('has a finding for each damage to an entry', () => {
    for (const byte of [512, 513, 1024, 1025, 512 + 7, 1024 + 7, 512 + 11, 512 + 48, 512 + 60])
      expect(mapFindingsOf(flipped(disk, byte)), String(byte)).to.include('error apm-damaged')
    for (const count of [0, 2, 257, 0xffffffff])
      expect(mapFindingsOf(withNumbers(disk, 'BE', [512 + 4, 4, count])), String(count)).to.include('error apm-damaged')
    expect(mapFindingsOf(withNumbers(disk, 'BE', [512 + 12, 4, 1]))).to.include('error apm-damaged')
    expect(mapFindingsOf(withNumbers(disk, 'BE', [1024 + 12, 4, 100_000]))).to.include('error partition-outside-disk')
    expect(mapFindingsOf(withNumbers(disk, 'BE', [1024 + 8, 4, 2]))).to.include('error partitions-overlap')
    expect(mapFindingsOf(withNumbers(disk, 'BE', [1024 + 12, 4, 0]))).to.include('warning partition-empty')
  })

  it('has a finding for each damage to the driver descriptor', () => {
    for (const byte of [0, 1])
      expect(mapFindingsOf(flipped(disk, byte))).to.deep.equal(['warning driver-descriptor-damaged'])
    for (const size of [0, 511, 513, 0xffff])
      expect(mapFindingsOf(withNumbers(disk, 'BE', [2, 2, size]))).to.deep.equal(['warning driver-descriptor-damaged'])
  })

  it('that xorriso made around HFS+ is read too', function () {
    const mixed = madeDisk(this, 0, [
      'xorriso',
      ['-as', 'mkisofs', '-quiet', '-hfsplus', '-V', 'MIXED', '-o', 'DISK', 'lib/text'],
    ])
    const { partitions, volumes, findings } = checkDisk(diskOfFile(mixed))
    expect(partitions.find(({ type }) => type === 'Apple_HFS')).to.include({ scheme: 'apm', name: 'HFSPLUS_Hybrid' })
    expect(volumes).to.have.lengthOf(1)
    expect(volumes[0]).to.include({ kind: 'hfs+', name: 'MIXED', clean: true, partition: 3 })
    expect(findings.filter(({ severity }) => severity !== 'info')).to.deep.equal([])
  })

  it('of blocks of 2,048 bytes is read too, and one with entries in smaller blocks than its descriptor tells', () => {
    const block = 2048
    const entry = (at: number, start: number, count: number): [number, 1 | 2 | 4, number][] => [
      [at, 2, 0x504d],
      [at + 4, 4, 2],
      [at + 8, 4, start],
      [at + 12, 4, count],
    ]
    const typed = (at: number, text: string) => ({ offset: at, bytes: Buffer.from(`${text}\0`) })
    const made = (size: number): Disk =>
      changedDisk(
        withNumbers(
          diskOfBytes(Buffer.alloc(4 * mebibyte)),
          'BE',
          [0, 2, 0x4552],
          [2, 2, block],
          [4, 4, (4 * mebibyte) / block],
          ...entry(size, 1, 60),
          ...entry(2 * size, 64, 100),
        ),
        typed(size + 48, 'Apple_partition_map'),
        typed(2 * size + 48, 'Apple_HFS'),
      )
    for (const size of [2048, 512]) {
      expect(partitionsOf(made(size))[1], String(size)).to.include({ offset: 64 * size, length: 100 * size })
      expect(mapFindingsOf(made(size))).to.deep.equal([])
    }
    // Without entries only the size of the disk tells it from two letters.
    const lost = withNumbers(made(2048), 'BE', [2048, 2, 0])
    expect(mapFindingsOf(lost)).to.deep.equal(['error apm-damaged'])
  })

  it('is none where only two letters and nothing else speak for it', () => {
    const letters = (blockSize: number, blocks: number): Disk =>
      withNumbers(diskOfBytes(Buffer.alloc(mebibyte, 7)), 'BE', [0, 2, 0x4552], [2, 2, blockSize], [4, 4, blocks])
    expect(mapFindingsOf(letters(512, 2048))).to.deep.equal(['error apm-damaged'])
    for (const [blockSize, blocks] of [
      [512, 2049],
      [512, 1000],
      [500, 2048],
    ] as const)
      expect(mapFindingsOf(letters(blockSize, blocks))).to.deep.equal(['warning volume-unknown'])
  })

  it('with HFS of before 1998 is told, not checked', function () {
    const path = madeDisk(this, 0, ['genisoimage', ['-quiet', '-hfs', '-part', '-V', 'OLD', '-o', 'DISK', 'lib/text']])
    const { volumes, findings } = checkDisk(diskOfFile(path))
    expect(volumes[0]).to.include({ kind: 'hfs', name: 'OLD' })
    expect(findings.map(({ severity, code }) => `${severity} ${code}`)).to.deep.equal(['info volume-unknown'])
  })
})
