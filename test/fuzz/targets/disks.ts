import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'
import type { Disk } from '../../../lib/image/disk.js'
import { checkDisk, mostRead } from '../../../lib/volume/check-disk.js'
import { plainDisk } from '../../support/disk/plain-disk.js'
import { diskOfFile } from '../../support/disk/raw-disk.js'
import type { Random } from '../random.js'
import { madeBy, unpacked } from '../seeds.js'
import { diskOf, placeOf, skeletonOf, type Skeleton } from '../skeleton.js'
import type { MakeTarget } from '../target-type.js'

type Mend = (skeleton: Skeleton, bytes: Buffer) => void

const mostReads = 50_000
const sizes = [0, 1, 511, 512, 4096, 65_536, 2 ** 31, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER]

/** Given disks and how their checksums are made right, return the target that checks them. */
const disksOf =
  (make: (scratch: string) => readonly Disk[], mend?: Mend): MakeTarget =>
  (scratch) => {
    const skeletons = make(scratch).map(skeletonOf)
    // Which of the skeletons an input belongs to stands in its first byte.
    const seeds = skeletons.map(({ bytes }, index) => Buffer.concat([Buffer.from([index]), bytes]))
    const skeletonIn = (bytes: Buffer): Skeleton => skeletons[(bytes[0] ?? 0) % skeletons.length] as Skeleton
    return {
      seeds,
      ...(mend === undefined ? {} : { mend: (bytes: Buffer) => mend(skeletonIn(bytes), bytes.subarray(1)) }),
      run(bytes, random) {
        const { size, sectors } = skeletonIn(bytes)
        checkBounded(diskOf({ size: random.once(12) ? random.pick(sizes) : size, sectors }, bytes.subarray(1)))
      },
    }
  }

function checkBounded(disk: Disk): void {
  let [reads, total] = [0, 0]
  const { bytesRead, findings, partitions } = checkDisk({
    size: disk.size,
    read(offset, length) {
      reads += 1
      if (!(
        Number.isSafeInteger(offset) &&
        offset >= 0 &&
        Number.isSafeInteger(length) &&
        length >= 0 &&
        length <= 2 ** 23
      ))
        throw new Error(`${String(length)} bytes were asked for at ${String(offset)}`)
      const bytes = disk.read(offset, length)
      total += bytes.length
      return bytes
    },
  })
  if (total > mostRead || bytesRead < total || reads > mostReads)
    throw new Error(`${String(total)} bytes in ${String(reads)} reads, said to be ${String(bytesRead)}`)
  if (findings.length > 1000 || partitions.length > 10_000)
    throw new Error('more findings or partitions than anybody reads')
}

export const gpt = disksOf(
  (scratch) => [
    plainDisk(unpacked(scratch, 'gpt-plain.sparseimage.tgz')),
    diskOfFile(
      madeBy(scratch, 8, 'sgdisk', ['-n', '1:0:+2M', '-t', '1:af00', '-n', '5:0:+1M', '-t', '5:0700', 'DISK']),
    ),
  ],
  (skeleton, bytes) => {
    const disk = diskOf(skeleton, bytes)
    for (const at of [512, skeleton.size - 512]) {
      const header = placeOf(skeleton, bytes, at, 512)
      if (header.length < 512) continue
      const [entriesAt, length] = [header.readBigUInt64LE(72), header.readUInt32LE(80) * header.readUInt32LE(84)]
      if (entriesAt < 2n ** 32n && length <= 2 ** 20)
        header.writeUInt32LE(crc32(disk.read(Number(entriesAt) * 512, length)), 88)
      header.writeUInt32LE(0, 16)
      const size = Math.min(512, Math.max(20, header.readUInt32LE(12)))
      header.writeUInt32LE(crc32(header.subarray(0, size)), 16)
    }
  },
)

const logical = `label: dos\nsize=1M,type=c\nsize=10M,type=5\nsize=1M,type=7\nsize=1M,type=af\n${'size=512K,type=83\n'.repeat(4)}`

export const mbr = disksOf((scratch) => [diskOfFile(madeBy(scratch, 16, 'sfdisk', ['-q', 'DISK'], logical))])

export const apm = disksOf((scratch) => [
  diskOfFile(madeBy(scratch, 16, 'parted', ['-s', 'DISK', 'mklabel', 'mac', 'mkpart', 'Daten', 'hfs+', '1M', '9M'])),
  diskOfFile(madeBy(scratch, 0, 'xorriso', ['-as', 'mkisofs', '-quiet', '-hfsplus', '-o', 'DISK', 'lib/text'])),
  diskOfFile(madeBy(scratch, 0, 'genisoimage', ['-quiet', '-hfs', '-part', '-o', 'DISK', 'lib/text'])),
])

export const hfsPlus = disksOf(
  (scratch) => [plainDisk(unpacked(scratch, 'hfsj-plain.sparsebundle.tgz'))],
  (skeleton, bytes) => {
    const info = placeOf(skeleton, bytes, diskOf(skeleton, bytes).read(1036, 4).readUInt32BE(0) * 4096, 52)
    const header = info.length < 52 ? info : placeOf(skeleton, bytes, Number(info.readBigUInt64BE(36)), 44)
    if (header.length < 44) return
    let sum = 0
    for (let at = 0; at < 44; at += 1)
      sum = ((sum << 8) ^ (sum + (at >= 36 && at < 40 ? 0 : (header[at] as number)))) | 0
    header.writeUInt32LE(~sum >>> 0, 36)
  },
)

export const fat = disksOf((scratch) => [
  plainDisk(unpacked(scratch, 'fat16-plain-mapped.sparsebundle.tgz')),
  diskOfFile(madeBy(scratch, 4, 'mkfs.vfat', ['-F', '12', 'DISK'])),
  diskOfFile(madeBy(scratch, 40, 'mkfs.vfat', ['-F', '32', 'DISK'])),
])

export const exfat = disksOf(
  (scratch) => [diskOfFile(madeBy(scratch, 16, 'mkfs.exfat', ['-L', 'Fotos', 'DISK']))],
  (skeleton, bytes) => {
    const disk = diskOf(skeleton, bytes)
    for (const start of [0, 12 * 512]) {
      let sum = 0
      disk.read(start, 11 * 512).forEach((byte, at) => {
        if (at !== 106 && at !== 107 && at !== 112) sum = ((((sum & 1) << 31) | (sum >>> 1)) + byte) >>> 0
      })
      const sums = placeOf(skeleton, bytes, start + 11 * 512, 512)
      for (let at = 0; at + 4 <= sums.length; at += 4) sums.writeUInt32LE(sum, at)
    }
  },
)

export const apfs = disksOf(
  (scratch) => [diskOfFile(madeBy(scratch, 128, 'mkapfs', ['-L', 'Daten', 'DISK']))],
  (skeleton, bytes) => {
    const disk = diskOf(skeleton, bytes)
    for (const number of new Set(skeleton.sectors.map((sector) => Math.floor(sector / 8)))) {
      const block = disk.read(number * 4096, 4096)
      const place = placeOf(skeleton, bytes, number * 4096, 8)
      if (place.length === 8) fletcher(block).copy(place)
    }
  },
)

function fletcher(block: Buffer): Buffer {
  const modulus = 0xffffffff
  let [low, high] = [0, 0]
  for (let at = 8; at < block.length; at += 4) {
    low = (low + block.readUInt32LE(at)) % modulus
    high = (high + low) % modulus
  }
  const first = modulus - ((low + high) % modulus)
  const sum = Buffer.alloc(8)
  sum.writeUInt32LE(first)
  sum.writeUInt32LE(modulus - ((low + first) % modulus), 4)
  return sum
}

/** Nothing that is a disk, but for its signatures: what a parser makes of the first bytes alone. */
export const anyDisk: MakeTarget = () => ({
  seeds: [Buffer.alloc(8192)],
  run(bytes, random: Random) {
    const disk = random.once(2) ? random.bytes(random.below(20_000)) : Buffer.from(bytes)
    const signatures: [at: number, text: string][] = [
      [512, 'EFI PART'],
      [510, '\x55\xaa'],
      [0, 'ER'],
      [512, 'PM'],
      [1024, 'H+\0\x04'],
      [1024, 'HX\0\x05'],
      [1024, 'BD'],
      [32, 'NXSB'],
      [3, 'EXFAT   '],
      [54, 'FAT'],
      [82, 'FAT32'],
    ]
    for (let left = random.below(4); left > 0; left -= 1) {
      const [at, text] = random.pick(signatures)
      if (at + text.length <= disk.length) disk.write(text, at, 'latin1')
    }
    const size = random.once(4) ? random.pick(sizes) : disk.length
    checkBounded({
      size,
      read(offset, length) {
        const read = Buffer.alloc(Math.max(0, Math.min(length, size - offset)))
        if (offset < disk.length) disk.copy(read, 0, offset)
        return read
      },
    })
  },
})
