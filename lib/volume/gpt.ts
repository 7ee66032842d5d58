import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'
import type { Disk } from '../image/disk.js'
import type { FindingList } from '../image/finding-list.js'
import { bytesAt } from './area.js'
import { guid, nameIn, wideLE } from './fields.js'
import { hasProtectiveEntry } from './mbr.js'
import type { Partition } from './volume-type.js'

/** One of the two copies of a partition table. Numbers of blocks, except `entrySize`, in bytes. */
interface Table {
  readonly alternate: number
  readonly firstUsable: number
  readonly lastUsable: number
  readonly diskId: string
  readonly entriesCrc: number
  readonly entrySize: number
  readonly entries: Buffer
}

/** A table, or what is wrong with it, half a sentence; neither where there is no trace of one. */
type Reading = { readonly table: Table } | { readonly fault: string } | undefined

const fixedLength = 92
const mostEntryBytes = 1024 * 1024
const unused = '00000000-0000-0000-0000-000000000000'
const rewrite = 'On a copy of the image, let `gdisk` or `diskutil repairDisk` write'

/**
 * Given a disk, return the partitions of its GUID partition table and note what is wrong with it; undefined where
 * neither copy of the table leaves a trace and block 0 promises none. Both headers and both arrays of entries are checked by their CRC32, and the
 * second header must lie in the last block. UEFI 2.10, sections 5.2.3 and 5.3. Throws OperationalError where the disk
 * cannot be read.
 */
export function readGpt(disk: Disk, findings: FindingList): Partition[] | undefined {
  const block = [512, 4096].find((size) => leavesTrace(disk, size)) ?? 512
  const last = Math.floor(disk.size / block) - 1
  const primary = readTable(disk, block, 1, last)
  const backupAt = primary !== undefined && 'table' in primary ? primary.table.alternate : last
  const atEnd = readTable(disk, block, last, last)
  const backup = atEnd ?? (backupAt === last ? undefined : readTable(disk, block, backupAt, last))
  const promised = hasProtectiveEntry(bytesAt(disk, 0, 512))
  if (primary === undefined && backup === undefined && !promised) return undefined

  if (!promised)
    findings.add('protective-mbr-damaged', 'warning', 'Block 0 does not say that a GUID partition table follows.', {
      cure: `${rewrite} the protective MBR anew.`,
    })
  const first = primary !== undefined && 'table' in primary ? primary.table : undefined
  const second = backup !== undefined && 'table' in backup ? backup.table : undefined
  if (first === undefined)
    findings.add('gpt-damaged', 'error', `The GUID partition table is damaged: ${faultOf(primary)}.`, {
      cure:
        second === undefined
          ? 'Restore an older copy; without either table the partitions must be searched for, as `testdisk` does.'
          : `${rewrite} it anew from the backup table at the end of the disk, which is whole.`,
    })
  if (second === undefined)
    findings.add(
      'gpt-backup-damaged',
      'warning',
      `The backup of the GUID partition table is damaged: ${faultOf(backup)}.`,
      {
        ...(first === undefined ? {} : { cure: `${rewrite} it anew from the table at the start, which is whole.` }),
      },
    )
  else if (atEnd === undefined || (first !== undefined && first.alternate !== last))
    findings.add(
      'gpt-backup-misplaced',
      'warning',
      `The backup of the GUID partition table belongs into block ${String(last)}, the last one; the table names block ${String(backupAt)}.`,
      { cure: `${rewrite} it there (\`sgdisk -e\`).` },
    )
  if (first !== undefined && second !== undefined && !isSame(first, second))
    findings.add(
      'gpt-copies-differ',
      'warning',
      'The two copies of the GUID partition table are both whole but differ.',
      {
        cure: 'Macs use the first one; see with `gdisk` which of the two fits.',
      },
    )
  const table = first ?? second
  return table === undefined ? [] : partitionsIn(table, block)
}

/** Given a disk, tell whether its first copy of a GUID partition table left a trace. */
export const startsWithGpt = (disk: Disk): boolean => [512, 4096].some((block) => isHeader(bytesAt(disk, block, 8)))

const leavesTrace = (disk: Disk, block: number): boolean =>
  isHeader(bytesAt(disk, block, 8)) || isHeader(bytesAt(disk, disk.size - block, 8))

const isHeader = (bytes: Buffer): boolean => bytes.toString('latin1', 0, 8) === 'EFI PART'

const faultOf = (reading: Reading): string =>
  reading === undefined ? 'its header is missing' : 'fault' in reading ? reading.fault : ''

const isSame = (one: Table, other: Table): boolean =>
  one.diskId === other.diskId &&
  one.entriesCrc === other.entriesCrc &&
  one.firstUsable === other.firstUsable &&
  one.lastUsable === other.lastUsable

function readTable(disk: Disk, block: number, at: number, last: number): Reading {
  const bytes = bytesAt(disk, at * block, block)
  if (!isHeader(bytes)) return undefined
  const size = bytes.readUInt32LE(12)
  if (size < fixedLength || size > block) return { fault: `its header cannot be ${String(size)} bytes long` }
  const summed = Buffer.from(bytes.subarray(0, size))
  summed.writeUInt32LE(0, 16)
  if (crc32(summed) !== bytes.readUInt32LE(16)) return { fault: "its header's checksum is wrong" }
  if (bytes.readUInt32LE(8) !== 0x10000) return { fault: 'its header has an unknown revision' }
  if (wideLE(bytes, 24) !== at) return { fault: 'its header says it lies elsewhere' }
  const [alternate, firstUsable, lastUsable] = [wideLE(bytes, 32), wideLE(bytes, 40), wideLE(bytes, 48)]
  const [entriesAt, count, entrySize] = [wideLE(bytes, 72), bytes.readUInt32LE(80), bytes.readUInt32LE(84)]
  if (at === 1 ? alternate <= 1 : alternate !== 1) return { fault: 'its header names no place for the other copy' }
  if (firstUsable > lastUsable + 1 || lastUsable > last) return { fault: 'its usable blocks lie outside the disk' }
  if (entrySize < 128 || entrySize % 128 !== 0 || count === 0 || count * entrySize > mostEntryBytes)
    return { fault: `its ${String(count)} entries of ${String(entrySize)} bytes are impossible` }
  const entryBlocks = Math.ceil((count * entrySize) / block)
  const fits =
    entriesAt < firstUsable ? entriesAt >= 2 && entriesAt + entryBlocks <= firstUsable : entriesAt > lastUsable
  if (!fits) return { fault: 'its entries lie among the partitions' }
  const entries = bytesAt(disk, entriesAt * block, count * entrySize)
  const entriesCrc = bytes.readUInt32LE(88)
  if (crc32(entries) !== entriesCrc) return { fault: 'the checksum of its entries is wrong' }
  return { table: { alternate, firstUsable, lastUsable, diskId: guid(bytes, 56), entriesCrc, entrySize, entries } }
}

function partitionsIn({ entries, entrySize }: Table, block: number): Partition[] {
  const partitions: Partition[] = []
  for (let at = 0; at < entries.length; at += entrySize) {
    const type = guid(entries, at)
    if (type === unused) continue
    const [first, last] = [wideLE(entries, at + 32), wideLE(entries, at + 40)]
    partitions.push({
      index: at / entrySize + 1,
      scheme: 'gpt',
      offset: first * block,
      length: Math.max(0, last - first + 1) * block,
      type,
      name: nameIn(entries.subarray(at + 56, at + 128), 'utf16le'),
    })
  }
  return partitions
}
