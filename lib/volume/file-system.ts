import { allZero } from '../image/content-sniff.js'
import type { Disk } from '../image/disk.js'
import type { FindingList } from '../image/finding-list.js'
import { apfs } from './apfs.js'
import { bytesAt } from './area.js'
import { exfat } from './exfat.js'
import { fat } from './fat.js'
import type { FileSystem } from './file-system-type.js'
import { hfsPlus } from './hfs-plus.js'
import { hfs } from './hfs-wrapper.js'
import type { Partition, Volume } from './volume-type.js'

// APFS last: without its first block it must be searched for.
const fileSystems: readonly FileSystem[] = [hfsPlus, hfs, exfat, fat, apfs]
const looked = 64 * 1024

/** What a partition of this type must hold, by its scheme's own names. */
const promised: Readonly<Record<string, string>> = {
  // Apple, Technical Note TN2166; Apple File System Reference, "Partition".
  '48465300-0000-11AA-AA11-00306543ECAC': 'HFS+',
  '7C3457EF-0000-11AA-AA11-00306543ECAC': 'APFS',
  Apple_HFS: 'HFS+',
  Apple_HFSX: 'HFS+',
  Apple_APFS: 'APFS',
  '0xaf': 'HFS+',
}

const withoutFiles = /^Apple_(partition_map|Driver|Patches)/

/** Given an area, return the file system whose first structure left a trace there. */
export const fileSystemAtStart = (area: Disk): FileSystem | undefined => fileSystems.find(({ first }) => first(area))

/** File systems and containers that are not checked here, by the letters at their beginning. */
const foreign: readonly (readonly [name: string, offset: number, letters: string])[] = [
  ['NTFS', 3, 'NTFS    '],
  ['ext2, ext3 or ext4', 1080, '\x53\xef'],
  ['XFS', 0, 'XFSB'],
  ['Btrfs', 65_600, '_BHRfS_M'],
  ['LUKS', 0, 'LUKS\xba\xbe'],
  ['CoreStorage', 88, 'CS'],
]

/** Given an area, return what stands at its beginning where that is known by name only. */
export const foreignAtStart = (area: Disk): string | undefined =>
  foreign.find(([, at, letters]) => bytesAt(area, at, letters.length).toString('latin1') === letters)?.[0]

/**
 * Given an area and the partition it is (undefined: the whole disk), check its file system and return its volumes.
 * Throws OperationalError where the area cannot be read.
 */
export function checkVolumes(area: Disk, partition: Partition | undefined, findings: FindingList): Volume[] {
  // The copy of a structure that is left at the end of another file system is one of before.
  const other = fileSystemAtStart(area) === undefined ? foreignAtStart(area) : undefined
  const fileSystem =
    fileSystemAtStart(area) ?? (other === undefined ? fileSystems.find(({ second }) => second(area)) : undefined)
  if (fileSystem === undefined) {
    noFileSystem(area, partition, other, findings)
    return []
  }
  const where = `${fileSystem.name}${partition === undefined ? '' : ` on partition ${String(partition.index)}`}`
  const found = fileSystem.check(area, where, findings)
  return found.map((volume) => ({ partition: partition?.index ?? null, ...volume }))
}

function noFileSystem(
  area: Disk,
  partition: Partition | undefined,
  other: string | undefined,
  findings: FindingList,
): void {
  if (partition !== undefined && withoutFiles.test(partition.type)) return
  const where = partition === undefined ? 'The disk' : `Partition ${String(partition.index)}`
  const kind = partition && promised[partition.type]
  if (other !== undefined) {
    const severity = partition === undefined || kind !== undefined ? 'warning' : 'info'
    findings.add('volume-unknown', severity, `${where} holds ${other}, which is not checked here.`)
  } else if (allZero(bytesAt(area, 0, Math.min(looked, area.size)))) {
    const says = `${where} begins with zeros and holds no file system: it was never formatted, or its beginning is lost.`
    findings.add('volume-blank', kind !== undefined || partition === undefined ? 'warning' : 'info', says)
  } else if (kind !== undefined) {
    findings.add('volume-lost', 'error', `${where} is to hold ${kind}, but no trace of it is there.`, {
      cure: 'Restore an older copy.',
    })
  } else {
    const severity = partition === undefined ? 'warning' : 'info'
    findings.add('volume-unknown', severity, `${where} holds no file system that is known here; it was not checked.`)
  }
}
