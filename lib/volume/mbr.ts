import type { Buffer } from 'node:buffer'
import type { Disk } from '../image/disk.js'
import type { FindingList } from '../image/finding-list.js'
import { bytesAt } from './area.js'
import type { Partition } from './volume-type.js'

/** One of the four entries of a block. `start` and `count` in sectors. */
interface Entry {
  readonly status: number
  readonly type: number
  readonly start: number
  readonly count: number
}

const sector = 512
const protective = 0xee
const extendedTypes: readonly number[] = [0x05, 0x0f, 0x85]
const mostLogical = 128

/** Given block 0, tell whether it says that a GUID partition table follows: UEFI 2.10, section 5.2.3. */
export const hasProtectiveEntry = (block: Buffer): boolean =>
  isSigned(block) && entriesOf(block).some(({ type, start, count }) => type === protective && start === 1 && count > 0)

/**
 * Given a disk, return the partitions of its master boot record and note what is wrong with it; undefined where block 0
 * holds none or only announces a GUID partition table. Extended partitions are followed over 128 logical ones at most. Microsoft, "Disk Concepts and
 * Troubleshooting"; UEFI 2.10, section 5.2. Throws OperationalError where the disk cannot be read.
 */
export function readMbr(disk: Disk, findings: FindingList): Partition[] | undefined {
  const block = bytesAt(disk, 0, sector)
  const entries = entriesOf(block)
  const used = entries.filter(isUsed)
  const fits = ({ start, count }: Entry): boolean => start > 0 && (start + count) * sector <= disk.size
  const plausible = entries.every((entry) => isStatus(entry) && (!isUsed(entry) || fits(entry)))
  // Many other first blocks are signed like this one.
  if (hasProtectiveEntry(block) || !used.some(fits) || !(isSigned(block) || plausible)) return undefined

  if (!isSigned(block)) damaged(findings, 'its signature is missing')
  if (!entries.every(isStatus)) damaged(findings, 'an entry is neither active nor inactive')
  return entries.flatMap((entry, index) => {
    if (!isUsed(entry)) return []
    if (!extendedTypes.includes(entry.type)) return [partition(index + 1, 0, entry)]
    return logicalPartitions(disk, entry.start, findings)
  })
}

const cure = 'On a copy of the image, let `testdisk` or `fdisk` write the partition map anew.'
const damaged = (findings: FindingList, fault: string): void =>
  findings.add('mbr-damaged', 'error', `The master boot record is damaged: ${fault}.`, { cure })

const isSigned = (block: Buffer): boolean => block.readUInt16BE(510) === 0x55aa
const isUsed = ({ type, count }: Entry): boolean => type !== 0 && count > 0
const isStatus = ({ status }: Entry): boolean => status === 0 || status === 0x80

const entriesOf = (block: Buffer): Entry[] =>
  [446, 462, 478, 494].map((at) => ({
    status: block[at] as number,
    type: block[at + 4] as number,
    start: block.readUInt32LE(at + 8),
    count: block.readUInt32LE(at + 12),
  }))

const partition = (index: number, base: number, { type, start, count }: Entry): Partition => ({
  index,
  scheme: 'mbr',
  offset: (base + start) * sector,
  length: count * sector,
  type: `0x${type.toString(16).padStart(2, '0')}`,
  name: '',
})

/** Each block of the chain holds one logical partition and the place of the next block, counted from the first one. */
function logicalPartitions(disk: Disk, extended: number, findings: FindingList): Partition[] {
  const partitions: Partition[] = []
  const seen = new Set<number>()
  for (let at = extended; ;) {
    const broken = seen.has(at)
      ? 'never end'
      : seen.size >= mostLogical
        ? `are more than ${String(mostLogical)}`
        : at * sector >= disk.size
          ? 'go on outside the disk'
          : undefined
    const block = bytesAt(disk, at * sector, sector)
    const fault = broken ?? (isSigned(block) ? undefined : `end in a block without signature (${String(at)})`)
    if (fault !== undefined) {
      findings.add('mbr-chain-damaged', 'error', `The logical partitions of the master boot record ${fault}.`, { cure })
      return partitions
    }
    seen.add(at)
    const [own, next] = entriesOf(block) as [Entry, Entry]
    if (isUsed(own)) partitions.push(partition(5 + partitions.length, at, own))
    if (!isUsed(next)) return partitions
    at = extended + next.start
  }
}
