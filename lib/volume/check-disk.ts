import { OperationalError } from '../finding/operational-error.js'
import type { Disk } from '../image/disk.js'
import { findingList, type FindingList } from '../image/finding-list.js'
import { areaOf, metered } from './area.js'
import { checkVolumes, fileSystemAtStart, foreignAtStart } from './file-system.js'
import { startsWithGpt } from './gpt.js'
import { readPartitionMap } from './partition-map.js'
import type { DiskCheck, Partition, Volume } from './volume-type.js'

/** However large or crafted the disk: `checkDisk` reads no more of it, in bytes. */
export const mostRead = 14 * 1024 * 1024
const mostChecked = 128

/** Given a disk, return the partitions its map lists; none where it has no map. What cannot be read is left out. */
export const partitionsOf = (disk: Disk): readonly Partition[] => checkDisk(disk).partitions

/** Given a disk, return the volumes on it whose file system is known here. What cannot be read is left out. */
export const volumesOf = (disk: Disk): readonly Volume[] => checkDisk(disk).volumes

/**
 * Given a disk, check its partition map and the file systems on it: their headers, copies of headers, checksums and
 * sizes, not the files. Reads `mostRead` bytes at most, and writes nothing. A disk that cannot be read is a finding.
 */
export function checkDisk(whole: Disk): DiskCheck {
  const { disk, bytesRead } = metered(whole, mostRead)
  const findings = findingList(false)
  const partitions: Partition[] = []
  const volumes: Volume[] = []
  readable(findings, 'The disk', () => {
    const map = isOneVolume(disk) ? undefined : readPartitionMap(disk, findings)
    partitions.push(...(map ?? []))
    if (map === undefined) volumes.push(...checkVolumes(disk, undefined, findings))
  })
  for (const partition of partitions.slice(0, mostChecked)) {
    const { index, offset, length } = partition
    if (length > 0 && offset < disk.size)
      readable(findings, `Partition ${String(index)}`, () => {
        volumes.push(...checkVolumes(areaOf(disk, offset, length), partition, findings))
      })
  }
  if (partitions.length > mostChecked)
    findings.add('volume-unchecked', 'warning', `Only the first ${String(mostChecked)} partitions were checked.`)
  return { partitions, volumes, findings: findings.all(), bytesRead: bytesRead() }
}

/** A table at the end of the disk may be one of before it was made one volume. */
const isOneVolume = (disk: Disk): boolean =>
  !startsWithGpt(disk) && (fileSystemAtStart(disk) ?? foreignAtStart(disk)) !== undefined

function readable(findings: FindingList, what: string, check: () => void): void {
  try {
    check()
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const reason = error.message.replace(/\.$/, '')
    const limited = error.code === 'read-limit'
    findings.add(
      limited ? 'volume-unchecked' : 'disk-unreadable',
      limited ? 'warning' : 'error',
      `${what} could not be checked to its end: ${reason}.`,
      { cure: error.cure },
    )
  }
}
