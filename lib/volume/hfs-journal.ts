import { Buffer } from 'node:buffer'
import type { Disk } from '../image/disk.js'
import type { FindingList } from '../image/finding-list.js'
import { bytesAt } from './area.js'
import { wideBE } from './fields.js'
import type { Header } from './hfs-header.js'

const inFileSystem = 1
const onOtherDevice = 2
const needsInit = 4
const magic = 0x4a4e4c78
const endian = 0x12345678
const summedLength = 44

/**
 * Given a journaled volume, check where the journal lies and its header; `full`: it holds changes that the next mount
 * writes to their places. TN1150, "Journal". Throws OperationalError where the area cannot be read.
 */
export function checkJournal(
  area: Disk,
  { blockSize, totalBlocks, journalInfoBlock }: Header,
  where: string,
  findings: FindingList,
): 'empty' | 'full' | 'damaged' {
  const damaged = (fault: string): 'damaged' => {
    // What is whole without it stays whole: it only holds changes of the last moments.
    findings.add('hfs-journal-damaged', 'warning', `${where}: the journal is damaged: ${fault}.`, {
      cure: 'Let `fsck_hfs` look at a copy of the image.',
    })
    return 'damaged'
  }
  if (journalInfoBlock === 0 || journalInfoBlock >= totalBlocks)
    return damaged('its information lies outside the volume')
  const info = bytesAt(area, journalInfoBlock * blockSize, 52)
  const flags = info.readUInt32BE(0)
  if ((flags & onOtherDevice) !== 0) return 'empty'
  if ((flags & inFileSystem) === 0) return damaged('its information tells no place')
  const [offset, size] = [wideBE(info, 36), wideBE(info, 44)]
  if (offset === 0 || size === 0 || offset + size > totalBlocks * blockSize)
    return damaged('it lies outside the volume')
  if ((flags & needsInit) !== 0) return 'empty'

  // In the byte order of the Mac that made it.
  const stored = bytesAt(area, offset, summedLength)
  const header = stored.readUInt32BE(0) === magic ? stored : swapped(stored)
  if (header.readUInt32BE(0) !== magic || header.readUInt32BE(4) !== endian) return damaged('its header is missing')
  if (checksum(stored) !== header.readUInt32BE(36)) return damaged("its header's checksum is wrong")
  const [start, end, headerSize] = [header.readBigUInt64BE(8), header.readBigUInt64BE(16), header.readUInt32BE(40)]
  const within = (at: bigint): boolean => at >= BigInt(headerSize) && at <= BigInt(size)
  if (header.readBigUInt64BE(24) !== BigInt(size)) return damaged('its header tells another size')
  if (!within(start) || !within(end)) return damaged('what it holds lies outside of it')
  return start === end ? 'empty' : 'full'
}

/** Four fields of 8 bytes from byte 8 on; the others have 4. */
function swapped(bytes: Buffer): Buffer {
  const other = Buffer.from(bytes)
  other.subarray(0, 8).swap32()
  other.subarray(8, 32).swap64()
  other.subarray(32, 44).swap32()
  return other
}

/** Over the header as it is stored, its own checksum taken for zero. */
function checksum(stored: Buffer): number {
  let sum = 0
  for (let at = 0; at < summedLength; at += 1) {
    const byte = at >= 36 && at < 40 ? 0 : (stored[at] as number)
    sum = ((sum << 8) ^ (sum + byte)) | 0
  }
  return ~sum >>> 0
}
