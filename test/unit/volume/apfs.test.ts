import { Buffer } from 'node:buffer'
import { expect } from 'chai'
import type { Disk } from '../../../lib/image/disk.js'
import { checkDisk } from '../../../lib/volume/check-disk.js'
import { changedDisk, countedDisk, flipped, resized, withNumbers } from '../../support/disk/changed-disk.js'
import { findingsOf } from '../../support/disk/findings-of.js'
import { diskTool, madeDisk, writeBytes } from '../../support/disk/made-disk.js'
import { diskOfFile } from '../../support/disk/raw-disk.js'

const block = 4096
const mebibyte = 1024 * 1024

describe('an APFS container that mkapfs made', () => {
  let path: string
  let disk: Disk
  let places: {
    ring: number
    ringBlocks: number
    newest: number
    map: number
    tree: number
    volume: number
    volumeMap: number
  }

  const u32 = (at: number): number => disk.read(at, 4).readUInt32LE(0)
  const u64 = (at: number): number => Number(disk.read(at, 8).readBigUInt64LE(0))

  beforeEach(function () {
    path = madeDisk(this, 128, ['mkapfs', ['-L', 'Daten', 'DISK']])
    disk = diskOfFile(path)
    const [ringBlocks, ring, first, length] = [u32(104), u64(112) * block, u32(136), u32(140)]
    const map = u64(160) * block
    const tree = u64(map + 48) * block
    // One entry: its value lies in front of the 40 bytes that end a root.
    const volume = u64(tree + block - 40 - 8) * block
    const newest = ring + ((first + length - 1) % ringBlocks) * block
    places = { ring, ringBlocks, newest, map, tree, volume, volumeMap: u64(volume + 128) * block }
  })

  it('is named, clean and without finding, as apfsck finds it', function () {
    const { volumes, findings } = checkDisk(disk)
    expect(findings).to.deep.equal([])
    expect(volumes).to.deep.equal([
      { partition: null, kind: 'apfs', name: 'Daten', bytes: 128 * mebibyte, encrypted: false, clean: true },
    ])
    expect(diskTool(this, 'apfsck', [path]).fine).to.equal(true)
  })

  it('whose block 0 is damaged anywhere is repaired from its newest checkpoint', () => {
    for (const byte of [0, 7, 8, 16, 24, 32, 36, 40, 104, 112, 136, 140, 160, 180, 184, 1000, block - 1]) {
      const { findings, volumes } = checkDisk(flipped(disk, byte))
      expect(
        findings.map(({ code }) => code),
        String(byte),
      ).to.deep.equal(['apfs-superblock-damaged'])
      expect(findings[0]?.cure).to.contain('newest checkpoint is whole')
      expect(volumes[0]).to.include({ name: 'Daten' })
    }
    const lost = changedDisk(disk, { offset: 0, bytes: Buffer.alloc(block) })
    expect(findingsOf(lost)).to.deep.equal(['error apfs-superblock-damaged'])
  })

  it('has a finding for its newest checkpoint, and for its maps', () => {
    for (const byte of [8, 100, 2000]) {
      expect(findingsOf(flipped(disk, places.newest + byte))).to.deep.equal(['error apfs-checkpoint-damaged'])
      expect(findingsOf(flipped(disk, places.newest - block + byte))).to.deep.equal(['warning apfs-checkpoint-damaged'])
    }
  })

  it('has a finding for blocks of its object map', () => {
    for (const at of [places.map, places.tree])
      for (const byte of [0, 8, 24, 32, 48, 3000])
        expect(findingsOf(flipped(disk, at + byte)), `${String(at)} + ${String(byte)}`).to.include(
          'error apfs-map-damaged',
        )
  })

  it('has a finding for its volume, and for the map and the root of that', () => {
    for (const at of [places.volume, places.volumeMap])
      for (const byte of [0, 40, 264, 704, 3000])
        expect(findingsOf(flipped(disk, at + byte)), `${String(at)} + ${String(byte)}`).to.deep.equal([
          'error apfs-volume-damaged',
        ])
    expect(checkDisk(flipped(disk, places.volumeMap)).volumes[0]?.name).to.equal('Daten')
    const ownTree = u64(places.volumeMap + 48) * block
    expect(findingsOf(flipped(disk, ownTree + 300))).to.deep.equal(['error apfs-volume-damaged'])
  })

  it('that was not unmounted says so', () => {
    // Block 0 of the transaction before the newest.
    const older = summed(disk, 0, [16, 8, u64(16) - 1])
    expect(findingsOf(older)).to.deep.equal(['info volume-unclean'])
    expect(checkDisk(older).volumes[0]?.clean).to.equal(false)
  })

  it('whose block 0 is newer than every checkpoint has lost the newest', () => {
    expect(findingsOf(summed(disk, 0, [16, 8, u64(16) + 1]))).to.include('error apfs-checkpoint-damaged')
  })

  it('with a damaged block of an older checkpoint is warned of', () => {
    const free = places.ring + places.ringBlocks * block - block
    expect(disk.read(free, block).every((byte) => byte === 0)).to.equal(true)
    expect(findingsOf(flipped(disk, free + 5))).to.deep.equal(['warning apfs-checkpoint-old-damaged'])
  })

  it('with an encrypted volume says so, and asks no more of its files', () => {
    const flags = places.volume + 264
    const encrypted = summed(disk, places.volume, [264, 8, u64(flags) & ~1])
    expect(checkDisk(encrypted).volumes[0]).to.include({ encrypted: true })
    expect(findingsOf(encrypted)).to.deep.equal([])
  })

  it('with impossible values is damaged although its checksums are right', () => {
    const impossible: [words: string, offset: number, size: 4 | 8, value: number][] = [
      ['another type', 24, 4, 2],
      ['checksum', 36, 4, 8192],
      ['impossible', 36, 4, 0],
      ['ends behind', 40, 8, 0],
      ['ends behind', 40, 8, -1],
      ['checkpoints lie outside', 104, 4, 0],
      ['checkpoints lie outside', 112, 8, -1],
      ['checkpoints lie outside', 136, 4, 0x7fffffff],
      ['checkpoints lie outside', 140, 4, 0xffffffff],
      ['volumes are impossible', 180, 4, 0xffffffff],
    ]
    for (const [words, ...number] of impossible) {
      const { findings } = checkDisk(summed(disk, 0, number))
      expect(findings[0], words).to.include({ code: 'apfs-superblock-damaged' })
      expect(findings[0]?.message).to.contain(words)
    }
    expect(findingsOf(summed(disk, 0, [104, 4, 0x80000008]))).to.deep.equal(['info volume-unknown'])
    expect(findingsOf(resized(disk, 100 * mebibyte))).to.include('error apfs-superblock-damaged')
  })

  it('whose object map is made to point anywhere ends with a finding', () => {
    const { tree, map, newest } = places
    const crafted: Disk[] = [
      summed(disk, map, [48, 8, 0]),
      summed(disk, map, [48, 8, -1]),
      summed(disk, map, [48, 8, map / block]),
      summed(disk, map, [24, 4, 0x40000002]),
      summed(disk, newest, [160, 8, -1]),
    ]
    for (const one of crafted) expect(findingsOf(one)).to.deep.equal(['error apfs-map-damaged'])
    const nodes: [offset: number, size: 2 | 4 | 8, value: number][] = [
      [32, 2, 1],
      [34, 2, 3],
      [34, 2, 0xffff],
      [36, 4, 0xffffffff],
      [40, 2, 0xffff],
      [42, 2, 0xffff],
      [42, 2, 0],
    ]
    for (const number of nodes)
      expect(findingsOf(summed(disk, tree, number)), String(number)).to.deep.equal(['error apfs-volume-damaged'])
  })

  it('whose tree has a node that is its own child ends', () => {
    const { tree } = places
    const itself = summed(disk, tree, [32, 2, 5], [34, 2, 16], [block - 40 - 16, 8, tree / block])
    const { disk: counted, bytesRead } = countedDisk(itself)
    expect(findingsOf(counted)).to.deep.equal(['error apfs-volume-damaged'])
    expect(bytesRead()).to.be.lessThan(mebibyte)
  })

  it('whose volume is an object of another kind, or whose root is not to be found, is damaged', () => {
    const { volume } = places
    for (const number of [
      [24, 4, 11],
      [32, 4, 0],
      [128, 8, 0],
      [136, 8, 0xffff],
    ] as [number, 4 | 8, number][])
      expect(findingsOf(summed(disk, volume, number)), String(number)).to.deep.equal(['error apfs-volume-damaged'])
    const listed = places.tree + block - 40 - 8
    for (const place of [0, -1]) {
      const elsewhere = summed(disk, places.tree, [listed - places.tree, 8, place])
      expect(checkDisk(elsewhere).findings[0]?.message).to.contain('the superblock is not to be found')
    }
  })

  it('whose ring of checkpoints is longer than what is read is not judged by the part that was', () => {
    const last = places.newest
    const long = summed(summed(disk, 0, [104, 4, 2000]), last, [104, 4, 2000])
    expect(findingsOf(long)).to.deep.equal(['warning volume-unknown'])
    // The newest checkpoint lies behind what is read.
    expect(findingsOf(summed(long, 0, [16, 8, u64(16) + 1]))).to.deep.equal(['warning volume-unknown'])
  })

  it('with a sealed volume, or one whose root is no virtual object, is not asked for the checksum of that root', () => {
    const { volume } = places
    const elsewhere: [number, 8, number] = [136, 8, 5000]
    expect(findingsOf(summed(disk, volume, elsewhere))).to.deep.equal(['error apfs-volume-damaged'])
    expect(findingsOf(summed(disk, volume, elsewhere, [56, 8, 0x20]))).to.deep.equal([])
    expect(findingsOf(summed(disk, volume, elsewhere, [116, 4, 0x40000002]))).to.deep.equal([])
  })

  it('is judged as apfsck judges it', function () {
    for (const at of [places.map, places.tree, places.volume, places.newest]) {
      const before = Buffer.from(disk.read(at + 50, 1))
      writeBytes(path, at + 50, Buffer.from([(before[0] as number) ^ 0xff]))
      expect(diskTool(this, 'apfsck', [path]).fine).to.equal(false)
      expect(findingsOf(disk)).to.not.be.empty
      writeBytes(path, at + 50, before)
    }
    expect(findingsOf(disk)).to.deep.equal([])
  })
})

/** The object at `start` with numbers changed and its checksum made right again. */
function summed(
  disk: Disk,
  start: number,
  ...numbers: readonly [offset: number, size: 2 | 4 | 8, value: number][]
): Disk {
  const moved = numbers.map(([offset, size, value]): [number, 2 | 4 | 8, number] => [start + offset, size, value])
  const object = Buffer.from(withNumbers(disk, 'LE', ...moved).read(start, block))
  const modulus = 0xffffffffn
  let [low, high] = [0n, 0n]
  for (let at = 8; at < block; at += 4) {
    low = (low + BigInt(object.readUInt32LE(at))) % modulus
    high = (high + low) % modulus
  }
  const first = modulus - ((low + high) % modulus)
  object.writeUInt32LE(Number(first), 0)
  object.writeUInt32LE(Number(modulus - ((low + first) % modulus)), 4)
  return changedDisk(disk, { offset: start, bytes: object })
}
