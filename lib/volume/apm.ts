import type { Buffer } from 'node:buffer'
import type { Disk } from '../image/disk.js'
import type { FindingList } from '../image/finding-list.js'
import { bytesAt } from './area.js'
import { isPowerOfTwo, nameIn } from './fields.js'
import type { Partition } from './volume-type.js'

const mostEntries = 256
const unlisted: readonly string[] = ['Apple_Free', 'Apple_Void', 'Apple_Scratch']
const cure = 'Restore an older copy, or look on a copy of the image with `testdisk` for its partitions.'

/**
 * Given a disk, return the partitions of its Apple partition map and note what is wrong with it; undefined where there
 * is none. The driver descriptor in block 0 gives the size of a block, but the entries of mixed disks stand in blocks of
 * another size. Inside Macintosh: Devices, chapter 3. Throws OperationalError where the disk cannot be read.
 */
export function readApm(disk: Disk, findings: FindingList): Partition[] | undefined {
  const descriptor = bytesAt(disk, 0, 512)
  const described = isSigned(descriptor, 'ER')
  const [blockSize, blockCount] = [descriptor.readUInt16BE(2), descriptor.readUInt32BE(4)]
  const possible = blockSize >= 512 && isPowerOfTwo(blockSize)
  const block = (described && possible ? [blockSize, 512] : [512, 2048]).find((size) =>
    isSigned(bytesAt(disk, size, 2), 'PM'),
  )
  if (block === undefined) {
    if (!described || !possible) return undefined
    // The size of the disk tells a descriptor from two letters that happen to stand here.
    if (blockCount * blockSize > disk.size || blockCount * blockSize < disk.size / 2) return undefined
    damaged(findings, 'its first entry is missing')
    return []
  }
  const faults = [
    ...(described ? [] : ['its signature is missing']),
    ...(possible ? [] : [`blocks of ${String(blockSize)} bytes are impossible`]),
  ]
  for (const fault of faults)
    findings.add('driver-descriptor-damaged', 'warning', `The driver descriptor in block 0 is damaged: ${fault}.`, {
      cure,
    })
  return entries(disk, block, findings)
}

const isSigned = (bytes: Buffer, letters: string): boolean => bytes.toString('latin1', 0, 2) === letters
const damaged = (findings: FindingList, fault: string): void =>
  findings.add('apm-damaged', 'error', `The Apple partition map is damaged: ${fault}.`, { cure })

function entries(disk: Disk, block: number, findings: FindingList): Partition[] {
  const count = bytesAt(disk, block, 512).readUInt32BE(4)
  if (count === 0 || count > mostEntries || (count + 1) * block > disk.size) {
    damaged(findings, `${String(count)} entries are impossible`)
    return []
  }
  const partitions: Partition[] = []
  let map: Partition | undefined
  for (let index = 1; index <= count; index += 1) {
    const entry = bytesAt(disk, index * block, 512)
    if (!isSigned(entry, 'PM')) {
      damaged(findings, `entry ${String(index)} of ${String(count)} is missing`)
      continue
    }
    if (entry.readUInt32BE(4) !== count) damaged(findings, `entry ${String(index)} counts another number of entries`)
    const partition: Partition = {
      index,
      scheme: 'apm',
      offset: entry.readUInt32BE(8) * block,
      length: entry.readUInt32BE(12) * block,
      type: nameIn(entry.subarray(48, 80), 'latin1'),
      name: nameIn(entry.subarray(16, 48), 'latin1'),
    }
    if (partition.type === 'Apple_partition_map') map ??= partition
    if (!unlisted.includes(partition.type)) partitions.push(partition)
  }
  if (map === undefined) damaged(findings, 'no entry is that of the map itself')
  else if (map.offset !== block || map.length < count * block)
    damaged(findings, 'its own entry does not cover its entries')
  return partitions
}
