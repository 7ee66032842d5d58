import { Buffer } from 'node:buffer'
import { expect } from 'chai'
import fc from 'fast-check'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import type { Disk } from '../../../lib/image/disk.js'
import { checkDisk, mostRead, partitionsOf, volumesOf } from '../../../lib/volume/check-disk.js'
import { changedDisk, countedDisk, filledDisk, withNumbers } from '../../support/disk/changed-disk.js'
import { findingsOf } from '../../support/disk/findings-of.js'
import { madeDisk } from '../../support/disk/made-disk.js'
import { plainDisk } from '../../support/disk/plain-disk.js'
import { diskOfBytes, diskOfFile } from '../../support/disk/raw-disk.js'
import { realImage } from '../../support/real-images.js'

const mebibyte = 1024 * 1024

describe('the check of a disk', () => {
  it('of 2 GiB with six file systems reads less than 16 MiB, and as much as it says', function () {
    const path = madeDisk(this, 2048, [
      'sgdisk',
      [
        ...['-n', '1:0:+600M', '-t', '1:af0a', '-n', '2:0:+200M', '-t', '2:0700', '-n', '3:0:+600M', '-t', '3:0700'],
        ...[
          '-n',
          '4:0:+16M',
          '-t',
          '4:0700',
          '-n',
          '5:0:+8M',
          '-t',
          '5:af00',
          '-n',
          '6:0:+500M',
          '-t',
          '6:0700',
          'DISK',
        ],
      ],
    ])
    const made = [
      diskOfFile(madeDisk(this, 600, ['mkapfs', ['-L', 'Eins', 'DISK']])),
      diskOfFile(madeDisk(this, 200, ['mkfs.exfat', ['-L', 'Zwei', 'DISK']])),
      diskOfFile(madeDisk(this, 600, ['mkfs.vfat', ['-F', '32', '-n', 'DREI', 'DISK']])),
      diskOfFile(madeDisk(this, 16, ['mkfs.vfat', ['-F', '16', '-n', 'VIER', 'DISK']])),
      plainDisk(realImage(this, 'hfsj-plain.sparsebundle.tgz').file),
      diskOfFile(madeDisk(this, 500, ['mkfs.vfat', ['-F', '32', '-s', '1', '-n', 'SECHS', 'DISK']])),
    ]
    const empty = diskOfFile(path)
    const parts = partitionsOf(empty).map(({ offset }, index) => ({ offset, disk: made[index] as Disk }))
    const { disk, bytesRead } = countedDisk(filledDisk(empty, ...parts))
    const { volumes, findings, bytesRead: said } = checkDisk(disk)
    expect(volumes.map(({ partition, kind, name }) => `${String(partition)} ${kind} ${name}`)).to.deep.equal([
      '1 apfs Eins',
      '2 exfat Zwei',
      '3 fat32 DREI',
      '4 fat16 VIER',
      '5 hfs+ Test1',
      '6 fat32 SECHS',
    ])
    expect(findings).to.deep.equal([])
    expect(said)
      .to.equal(bytesRead())
      .and.to.be.lessThan(16 * mebibyte)
    expect(volumesOf(filledDisk(empty, ...parts))).to.deep.equal(volumes)
  })

  it('ends at its limit, and says so', function () {
    // 40 times the same FAT32, each with two allocation tables of which 1 MiB is compared.
    const path = madeDisk(this, 512, ['mkfs.vfat', ['-F', '32', '-s', '1', 'DISK']])
    const one = diskOfFile(path)
    const start = 2 * mebibyte
    const length = 512 * mebibyte
    const many: Disk = {
      size: start + 40 * length,
      read: (offset, wanted) =>
        offset < start ? apm.subarray(offset, offset + wanted) : one.read((offset - start) % length, wanted),
    }
    const apm = Buffer.alloc(start)
    apm.write('ER', 0)
    apm.writeUInt16BE(512, 2)
    for (let index = 1; index <= 41; index += 1) {
      const at = index * 512
      apm.write('PM', at)
      apm.writeUInt32BE(41, at + 4)
      apm.writeUInt32BE(index === 1 ? 1 : (start + (index - 2) * length) / 512, at + 8)
      apm.writeUInt32BE(index === 1 ? 63 : length / 512, at + 12)
      apm.write(index === 1 ? 'Apple_partition_map' : 'DOS_FAT_32', at + 48)
    }
    const { disk, bytesRead } = countedDisk(many)
    const { findings, volumes } = checkDisk(disk)
    expect(new Set(findings.map(({ severity, code }) => `${severity} ${code}`))).to.deep.equal(
      new Set(['warning volume-unchecked']),
    )
    expect(volumes).to.have.lengthOf(6)
    expect(bytesRead()).to.be.at.most(mostRead)
  })

  it('of more than 128 partitions says that not all were checked', function () {
    const path = madeDisk(this, 64, [
      'sgdisk',
      ['-S', '200', ...Array.from({ length: 130 }, () => ['-n', '0:0:+256K', '-t', '0:8300']).flat(), 'DISK'],
    ])
    const { partitions, findings } = checkDisk(diskOfFile(path))
    expect(partitions).to.have.lengthOf(130)
    expect(findings.map(({ code }) => code)).to.include('volume-unchecked')
  })

  it('of one that cannot be read is an error that says why', () => {
    const disk: Disk = {
      size: 10 * mebibyte,
      read: () => {
        throw new OperationalError('read-failed', 'Band 0 cannot be read: input/output error.', 'Look at the disk.')
      },
    }
    const { findings } = checkDisk(disk)
    expect(findings).to.have.lengthOf(1)
    expect(findings[0]).to.include({
      code: 'disk-unreadable',
      severity: 'error',
      message: 'The disk could not be checked to its end: Band 0 cannot be read: input/output error.',
      cure: 'Look at the disk.',
    })
  })

  it('of one whose second partition cannot be read tells of the first', function () {
    const disk = diskOfFile(
      madeDisk(this, 8, ['sfdisk', ['-q', 'DISK'], 'label: dos\nsize=2M,type=af\nsize=2M,type=af\n']),
    )
    const second = partitionsOf(disk)[1]?.offset as number
    const torn: Disk = {
      size: disk.size,
      read(offset, length) {
        if (offset + length > second) throw new OperationalError('read-failed', 'Band 3 cannot be read.', 'Look.')
        return disk.read(offset, length)
      },
    }
    expect(findingsOf(torn)).to.deep.equal(['error disk-unreadable', 'warning volume-blank'])
  })

  it('of zeros, of nothing and of anything else never says that all is well', () => {
    expect(findingsOf(diskOfBytes(Buffer.alloc(mebibyte)))).to.deep.equal(['warning volume-blank'])
    expect(findingsOf(diskOfBytes(Buffer.alloc(mebibyte, 7)))).to.deep.equal(['warning volume-unknown'])
    for (const size of [0, 1, 511, 512, 1024, 1025, 4096])
      expect(findingsOf(diskOfBytes(Buffer.alloc(size)))).to.deep.equal(['warning volume-blank'])
  })

  it('of a partition that is to hold HFS+ and holds something else is an error', function () {
    const disk = diskOfFile(madeDisk(this, 8, ['sfdisk', ['-q', 'DISK'], 'label: dos\nsize=2M,type=af\n']))
    const offset = partitionsOf(disk)[0]?.offset as number
    expect(findingsOf(changedDisk(disk, { offset, bytes: Buffer.alloc(100_000, 7) }))).to.deep.equal([
      'error volume-lost',
    ])
    const foreign = withNumbers(disk, 'LE', [446 + 4, 1, 0x83])
    expect(findingsOf(changedDisk(foreign, { offset, bytes: Buffer.alloc(100_000, 7) }))).to.deep.equal([
      'info volume-unknown',
    ])
  })

  it('of NTFS without a partition map takes the texts of its boot sector for no partitions', () => {
    const boot = Buffer.alloc(512)
    boot.write('\xeb\x52\x90NTFS    ', 'latin1')
    boot.write('\r\nA disk read error occurred\0\r\nBOOTMGR is missing\0\r\nBOOTMGR is compressed\0', 0x18a, 'latin1')
    boot.writeUInt16BE(0x55aa, 510)
    const zeros: Disk = { size: 2 ** 41, read: (_, length) => Buffer.alloc(length) }
    expect(findingsOf(changedDisk(zeros, { offset: 0, bytes: boot }))).to.deep.equal(['warning volume-unknown'])
  })

  it('shows names of the disk as safe text', function () {
    const disk = diskOfFile(madeDisk(this, 8, ['sgdisk', ['-n', '1:0:+2M', 'DISK']]))
    const hfs = plainDisk(realImage(this, 'hfsj-plain.sparsebundle.tgz').file)
    const bytes = Buffer.from(hfs.read(0, hfs.size))
    const at = bytes.indexOf(Buffer.from('Test1', 'utf16le').swap16())
    expect(at).to.be.greaterThan(0)
    for (let place = at; place >= 0; place = bytes.indexOf(Buffer.from('Test1', 'utf16le').swap16(), place))
      Buffer.from('T\x1b[2J', 'utf16le').swap16().copy(bytes, place)
    expect(volumesOf(diskOfBytes(bytes))[0]?.name).to.equal('T\\x1b[2J')
    expect(partitionsOf(disk)[0]?.name).to.match(/^[\x20-\x7e]*$/)
  })

  it('of any change to the first bytes of real disks ends with findings, never with an error', function () {
    const disks = [
      'hfsj-plain.sparsebundle.tgz',
      'gpt-plain.sparseimage.tgz',
      'fat16-plain-mapped.sparsebundle.tgz',
    ].map((archive) => plainDisk(realImage(this, archive).file))
    const changes = fc.array(fc.tuple(fc.nat(6000), fc.uint8Array({ minLength: 1, maxLength: 16 })), {
      minLength: 1,
      maxLength: 8,
    })
    fc.assert(
      fc.property(fc.constantFrom(...disks), changes, (disk, list) => {
        const { disk: counted, bytesRead } = countedDisk(
          changedDisk(disk, ...list.map(([offset, bytes]) => ({ offset, bytes: Buffer.from(bytes) }))),
        )
        checkDisk(counted)
        expect(bytesRead()).to.be.at.most(mostRead)
      }),
      { numRuns: 200 },
    )
  })
})
