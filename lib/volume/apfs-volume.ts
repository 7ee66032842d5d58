import type { Disk } from '../image/disk.js'
import { isSummed, objectId, objectType, typeOf } from './apfs-object.js'
import { DamagedMap, openObjectMap, type ObjectMap } from './apfs-object-map.js'
import type { Superblock } from './apfs-superblock.js'
import { bytesAt } from './area.js'
import { nameIn, wideLE } from './fields.js'

const unencrypted = 1
const sealed = 0x20
const storageType = 0xc0000000

/**
 * Given a container, its map and the number of a volume, return the volume's name and whether it is encrypted; its own
 * map and, where it is neither encrypted nor sealed, the root of its files are looked at too. Throws DamagedMap where
 * something is wrong, OperationalError where the area cannot be read. Apple File System Reference, "apfs_superblock_t".
 */
export function readApfsVolume(
  area: Disk,
  superblock: Superblock,
  map: ObjectMap,
  id: number,
): { name: string; encrypted: boolean; fault?: string } {
  const block = virtualObject(area, superblock, map, id, 'the superblock')
  if (typeOf(block) !== objectType.volume || block.toString('latin1', 32, 36) !== 'APSB')
    throw new DamagedMap('the superblock is missing')
  const encrypted = (wideLE(block, 264) & unencrypted) === 0
  const volume = { name: nameIn(block.subarray(704, 960), 'utf8'), encrypted }
  try {
    const own = openObjectMap(area, superblock, wideLE(block, 128))
    // Nodes of an encrypted volume's tree are stored encrypted, checksum and all; those of a sealed one have no checksum.
    const hasRoot = !encrypted && (wideLE(block, 56) & sealed) === 0 && (block.readUInt32LE(116) & storageType) === 0
    if (hasRoot) virtualObject(area, superblock, own, wideLE(block, 136), 'the root of its files')
    return volume
  } catch (error) {
    if (!(error instanceof DamagedMap)) throw error
    return { ...volume, fault: error.message }
  }
}

function virtualObject(
  area: Disk,
  { blockSize, blocks }: Superblock,
  map: ObjectMap,
  id: number,
  what: string,
): Buffer {
  const at = map.find(id)
  if (at === undefined || at === 0 || at >= blocks) throw new DamagedMap(`${what} is not to be found`)
  const object = bytesAt(area, at * blockSize, blockSize)
  if (!isSummed(object) || objectId(object) !== id) throw new DamagedMap(`the checksum of ${what} is wrong`)
  return object
}
