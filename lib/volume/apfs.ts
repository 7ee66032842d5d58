import type { Disk } from '../image/disk.js'
import type { FindingList } from '../image/finding-list.js'
import { readCheckpoints } from './apfs-checkpoints.js'
import { DamagedMap, openObjectMap, type ObjectMap } from './apfs-object-map.js'
import { isSummed } from './apfs-object.js'
import { blockSizeIn, isSuperblock, readSuperblock, type Superblock } from './apfs-superblock.js'
import { readApfsVolume } from './apfs-volume.js'
import { bytesAt } from './area.js'
import type { FileSystem, FoundVolume } from './file-system-type.js'

const usualBlock = 4096
/** Without block 0 the ring of checkpoints is looked for where every known container has it, behind block 0. */
const searchedBlocks = 16

/**
 * APFS: the container's superblock in block 0 by its checksum, the ring of checkpoints with the newest whole superblock
 * and its maps, the container's object map, and each volume's superblock, object map and root. Apple, "Apple File
 * System Reference" (2020-06-22). Throws OperationalError where the area cannot be read.
 */
export const apfs: FileSystem = {
  name: 'APFS',
  first: (area) => isSuperblock(bytesAt(area, 0, 64)),
  second: (area) => searchCheckpoint(area) !== undefined,
  check: checkApfs,
}

const cure = 'Let `fsck_apfs` look at a copy of the image, or restore an older copy.'

function checkApfs(area: Disk, where: string, findings: FindingList): FoundVolume[] {
  const zero = bytesAt(area, 0, blockSizeIn(bytesAt(area, 0, 64)) ?? usualBlock)
  const reading = readSuperblock(zero, area.size)
  const first = 'superblock' in reading ? reading.superblock : searchCheckpoint(area)
  if ('fault' in reading)
    findings.add(
      'apfs-superblock-damaged',
      'error',
      `${where}: the superblock in block 0 is damaged: ${reading.fault}.`,
      {
        cure:
          first === undefined
            ? 'Restore an older copy.'
            : 'Its newest checkpoint is whole: on a copy of the image, `fsck_apfs` writes block 0 anew from it.',
      },
    )
  if (first === undefined) return []
  if (!first.inOnePiece) {
    findings.add(
      'volume-unknown',
      'info',
      `${where}: its checkpoints lie in several pieces, which is not checked here.`,
    )
    return []
  }
  const newest = newestCheckpoint(area, first, where, findings)
  if (newest === undefined) return []
  // Block 0 is written at the unmount; until then it lags behind the newest checkpoint.
  const clean = !('superblock' in reading) || first.transaction === newest.transaction
  if (!clean)
    findings.add('volume-unclean', 'info', `${where}: the container was not unmounted in order.`, {
      cure: 'macOS goes on from its newest checkpoint when it is mounted next.',
    })
  return volumesOf(area, newest, where, findings).map(({ name, encrypted }) => ({
    kind: 'apfs',
    name,
    bytes: newest.blocks * newest.blockSize,
    encrypted,
    clean,
  }))
}

function newestCheckpoint(area: Disk, first: Superblock, where: string, findings: FindingList): Superblock | undefined {
  const { newest, damaged, broken, cut } = readCheckpoints(area, first)
  if (cut) {
    // The newest one may lie in the rest of the ring; what older ones point to is overwritten by and by.
    findings.add(
      'volume-unknown',
      'warning',
      `${where}: it has more checkpoints than are read here; it was not checked.`,
    )
    return undefined
  }
  if (newest === undefined || newest.transaction < first.transaction)
    findings.add('apfs-checkpoint-damaged', 'error', `${where}: the newest checkpoint is missing or damaged.`, { cure })
  else if (broken > 0)
    // A system may go back to the checkpoint before it (Apple File System Reference, "Mounting an Apple File System Partition").
    findings.add('apfs-checkpoint-damaged', 'warning', `${where}: the maps of the newest checkpoint are damaged.`, {
      cure,
    })
  else if (damaged > 0)
    findings.add(
      'apfs-checkpoint-old-damaged',
      'warning',
      `${where}: ${String(damaged)} blocks of older checkpoints are damaged; the newest whole one is used.`,
      { cure },
    )
  return newest ?? first
}

function volumesOf(
  area: Disk,
  superblock: Superblock,
  where: string,
  findings: FindingList,
): { name: string; encrypted: boolean }[] {
  let map: ObjectMap
  try {
    map = openObjectMap(area, superblock, superblock.map)
  } catch (error) {
    if (!(error instanceof DamagedMap)) throw error
    findings.add('apfs-map-damaged', 'error', `${where}: ${error.message}.`, { cure })
    return []
  }
  return superblock.volumes.flatMap((id) => {
    try {
      const { fault, ...volume } = readApfsVolume(area, superblock, map, id)
      if (fault !== undefined)
        findings.add('apfs-volume-damaged', 'error', `${where}: volume ${volume.name}: ${fault}.`, { cure })
      return [volume]
    } catch (error) {
      if (!(error instanceof DamagedMap)) throw error
      findings.add('apfs-volume-damaged', 'error', `${where}: volume ${String(id)}: ${error.message}.`, { cure })
      return []
    }
  })
}

function searchCheckpoint(area: Disk): Superblock | undefined {
  let newest: Superblock | undefined
  const bytes = bytesAt(area, usualBlock, searchedBlocks * usualBlock)
  for (let at = 0; at < bytes.length; at += usualBlock) {
    const block = bytes.subarray(at, at + usualBlock)
    if (!isSuperblock(block) || !isSummed(block)) continue
    const reading = readSuperblock(block, area.size)
    if ('superblock' in reading && reading.superblock.transaction > (newest?.transaction ?? -1))
      newest = reading.superblock
  }
  return newest
}
