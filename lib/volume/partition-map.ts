import type { Disk } from '../image/disk.js'
import type { FindingList } from '../image/finding-list.js'
import { size } from '../text/measure.js'
import { readApm } from './apm.js'
import { readGpt, startsWithGpt } from './gpt.js'
import { readMbr } from './mbr.js'
import type { Partition } from './volume-type.js'

/**
 * Given a disk, return its partitions and note what is wrong with their map; undefined where it has none. Throws
 * OperationalError where the disk cannot be read.
 */
export function readPartitionMap(disk: Disk, findings: FindingList): Partition[] | undefined {
  // A table that is left at the end of a disk with another map is one of before.
  const partitions = startsWithGpt(disk)
    ? readGpt(disk, findings)
    : (readApm(disk, findings) ?? readMbr(disk, findings) ?? readGpt(disk, findings))
  if (partitions !== undefined) checkPlaces(disk, partitions, findings)
  return partitions
}

function checkPlaces(disk: Disk, partitions: readonly Partition[], findings: FindingList): void {
  for (const { index, offset, length } of partitions) {
    const number = String(index)
    if (length === 0) findings.add('partition-empty', 'warning', `Partition ${number} has no length.`)
    else if (offset + length > disk.size)
      findings.add(
        'partition-outside-disk',
        'error',
        `Partition ${number} ends ${size(offset + length - disk.size)} behind the end of the disk.`,
        { cure: 'Restore an older copy; if the disk of the image was made smaller, make it larger again.' },
      )
  }
  const ordered = partitions.filter(({ length }) => length > 0).sort((one, other) => one.offset - other.offset)
  ordered.reduce<Partition | undefined>((before, partition) => {
    if (before !== undefined && partition.offset < before.offset + before.length)
      findings.add(
        'partitions-overlap',
        'error',
        `Partitions ${String(before.index)} and ${String(partition.index)} share bytes of the disk.`,
      )
    return before !== undefined && before.offset + before.length > partition.offset + partition.length
      ? before
      : partition
  }, undefined)
}
