import type { Buffer } from 'node:buffer'
import type { Disk } from '../image/disk.js'
import { isSummed, objectId, objectType, typeOf } from './apfs-object.js'
import { bytesAt } from './area.js'
import { wideLE } from './fields.js'

/** Finds objects by their number. */
export interface ObjectMap {
  /** The block in which the object lies as of the newest transaction; undefined: not listed. Throws DamagedMap. */
  find(id: number): number | undefined
}

/** What is wrong with a map, half a sentence. Never leaves this folder. */
export class DamagedMap extends Error {}

interface Container {
  readonly blockSize: number
  readonly blocks: number
  readonly transaction: number
}

const deepest = 16
const headerLength = 56
const rootInfoLength = 40
const [isRoot, isLeaf, isFixed] = [1, 2, 4]

/**
 * Given a container and the block of an object map, return the map. Throws DamagedMap where the map or its tree cannot
 * be used; OperationalError where the area cannot be read. Apple File System Reference, "Object Maps" and "B-Trees".
 */
export function openObjectMap(area: Disk, container: Container, block: number): ObjectMap {
  const map = physicalObject(area, container, block, 'the object map')
  if (typeOf(map) !== objectType.map) throw new DamagedMap('the object map is missing')
  const root = physicalObject(area, container, wideLE(map, 48), "the object map's tree")
  if (typeOf(root) !== objectType.root) throw new DamagedMap("the object map's tree is missing")
  return { find: (id) => find(area, container, root, id) }
}

/** Given a block number, return its object. Throws DamagedMap where it lies outside or its checksum or number is wrong. */
export function physicalObject(area: Disk, { blockSize, blocks }: Container, block: number, what: string): Buffer {
  if (!(block > 0 && block < blocks)) throw new DamagedMap(`${what} lies outside the container`)
  const object = bytesAt(area, block * blockSize, blockSize)
  if (!isSummed(object)) throw new DamagedMap(`the checksum of ${what} is wrong (block ${String(block)})`)
  if (objectId(object) !== block) throw new DamagedMap(`${what} says that it lies elsewhere (block ${String(block)})`)
  return object
}

function find(area: Disk, container: Container, root: Buffer, id: number): number | undefined {
  let node = root
  // Each level is one lower than that above it, so that a tree that points back to itself ends too.
  for (let level = root.readUInt16LE(34); ; level -= 1) {
    if (level > deepest || level < 0 || node.readUInt16LE(34) !== level)
      throw new DamagedMap("the levels of the object map's tree are wrong")
    const flags = node.readUInt16LE(32)
    if ((flags & isFixed) === 0 || ((flags & isLeaf) !== 0) !== (level === 0))
      throw new DamagedMap("a node of the object map's tree is of another kind")
    const entry = lastUpTo(node, id, container.transaction)
    if (level === 0) return entry?.id === id ? wideLE(node, entry.value + 8) : undefined
    if (entry === undefined) return undefined
    node = physicalObject(area, container, wideLE(node, entry.value), "a node of the object map's tree")
  }
}

/** The last entry that does not come after the object and transaction, and where its value begins. */
function lastUpTo(node: Buffer, id: number, newest: number): { id: number; value: number } | undefined {
  const [flags, count] = [node.readUInt16LE(32), node.readUInt32LE(36)]
  const table = headerLength + node.readUInt16LE(40)
  const keys = table + node.readUInt16LE(42)
  const valuesEnd = node.length - ((flags & isRoot) === 0 ? 0 : rootInfoLength)
  if (table + count * 4 > keys || keys > valuesEnd)
    throw new DamagedMap("the entries of the object map's tree are misplaced")
  let found: { id: number; value: number } | undefined
  for (let entry = 0; entry < count; entry += 1) {
    const key = keys + node.readUInt16LE(table + entry * 4)
    const value = valuesEnd - node.readUInt16LE(table + entry * 4 + 2)
    if (key + 16 > valuesEnd || value < keys || value + ((flags & isLeaf) === 0 ? 8 : 16) > valuesEnd)
      throw new DamagedMap("the entries of the object map's tree are misplaced")
    const here = wideLE(node, key)
    if (here > id || (here === id && wideLE(node, key + 8) > newest)) break
    found = { id: here, value }
  }
  return found
}
