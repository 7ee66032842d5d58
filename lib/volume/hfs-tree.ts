import { Buffer } from 'node:buffer'
import type { Disk } from '../image/disk.js'
import { bytesAt } from './area.js'
import { isPowerOfTwo, nameIn } from './fields.js'
import type { Fork, Header } from './hfs-header.js'

/** A B-tree whose header node is whole. Numbers of nodes. */
export interface Tree {
  readonly fork: Fork
  readonly nodeSize: number
  readonly nodes: number
  readonly firstLeaf: number
}

const index = 0
const headerNode = 1
const leaf = -1
const deepest = 16
const trees = {
  extents: { fork: (header: Header) => header.extents, key: 10 },
  catalog: { fork: (header: Header) => header.catalog, key: 516 },
  attributes: { fork: (header: Header) => header.attributesFile, key: undefined },
} as const

/**
 * Given a volume and which of its B-trees, check the header node, the nodes from the root down to the first leaf, and
 * the last leaf, each named to `fault` as half a sentence, and return the tree; undefined where there is none or its
 * header node cannot be used. TN1150, "B-Trees". Throws OperationalError where the area cannot be read.
 */
export function checkTree(
  area: Disk,
  header: Header,
  name: keyof typeof trees,
  fault: (words: string) => void,
): Tree | undefined {
  const { fork: forkOf, key } = trees[name]
  const fork = forkOf(header)
  if (fork.blocks === 0 || fork.length === 0) return undefined
  const bytes = forkBytes(area, header, fork, 0, 512)
  const u32 = (at: number): number => bytes.readUInt32BE(at)
  const [depth, root, leafRecords, firstLeaf, lastLeaf] = [bytes.readUInt16BE(14), u32(16), u32(20), u32(24), u32(28)]
  const [nodeSize, longestKey, nodes, free] = [bytes.readUInt16BE(32), bytes.readUInt16BE(34), u32(36), u32(40)]
  if (bytes.readInt8(8) !== headerNode || bytes.readUInt8(9) !== 0 || bytes.readUInt16BE(10) !== 3) {
    fault('its first node is no header node')
    return undefined
  }
  if (nodeSize < 512 || nodeSize > 32_768 || !isPowerOfTwo(nodeSize)) {
    fault(`nodes of ${String(nodeSize)} bytes are impossible`)
    return undefined
  }
  if (nodes === 0 || nodes * nodeSize > fork.length) fault('it has more nodes than its file holds')
  if (free >= nodes) fault('more nodes are free than there are')
  if (key !== undefined && longestKey !== key) fault(`keys of ${String(longestKey)} bytes are impossible`)
  if (root >= nodes || firstLeaf >= nodes || lastLeaf >= nodes) fault('a node it names lies outside')
  if (depth > deepest) fault(`a depth of ${String(depth)} is impossible`)
  if ((depth === 0) !== (root === 0) || (leafRecords === 0) !== (root === 0)) fault('its depth and its root do not fit')
  const tree = { fork, nodeSize, nodes, firstLeaf }
  const whole = forkBytes(area, header, fork, 0, nodeSize)
  if ([14, 120, 248].some((place, at) => whole.readUInt16BE(nodeSize - 2 - at * 2) !== place))
    fault('the records of its header node are misplaced')
  if (root > 0 && root < nodes && depth <= deepest) checkPath(area, header, tree, { depth, root, lastLeaf }, fault)
  return tree
}

/** Down the leftmost branch, one node for each level: bounded by the depth, whatever the nodes say. */
function checkPath(
  area: Disk,
  header: Header,
  tree: Tree,
  { depth, root, lastLeaf }: { depth: number; root: number; lastLeaf: number },
  fault: (words: string) => void,
): void {
  let number = root
  for (let height = depth; height >= 1; height -= 1) {
    const node = nodeBytes(area, header, tree, number)
    if (node === undefined) return
    const kind = height === 1 ? leaf : index
    if (node.readInt8(8) !== kind || node.readUInt8(9) !== height || node.readUInt32BE(4) !== 0) {
      fault(`node ${String(number)} is not the one that belongs there`)
      return
    }
    const record = firstRecord(node)
    if (record === undefined) {
      fault(`the records of node ${String(number)} are misplaced`)
      return
    }
    if (height === 1) break
    const child = 2 * Math.ceil((2 + record.readUInt16BE(0)) / 2)
    number = child + 4 <= record.length ? record.readUInt32BE(child) : tree.nodes
    if (number >= tree.nodes) {
      fault('a node points outside the tree')
      return
    }
  }
  if (number !== tree.firstLeaf) fault('its root does not lead to its first leaf')
  const last = nodeBytes(area, header, tree, lastLeaf)
  if (last === undefined) return
  if (last.readInt8(8) !== leaf || last.readUInt8(9) !== 1 || last.readUInt32BE(0) !== 0)
    fault(`node ${String(lastLeaf)} is not its last leaf`)
}

/** The name is the key of the first record of the catalog: the root folder, child of number 1. */
export function volumeName(area: Disk, header: Header, tree: Tree): string {
  if (tree.firstLeaf === 0 || tree.firstLeaf >= tree.nodes) return ''
  const node = nodeBytes(area, header, tree, tree.firstLeaf)
  const record = node && firstRecord(node)
  if (record === undefined || record.length < 8 || record.readUInt32BE(2) !== 1) return ''
  const length = Math.min(255, record.readUInt16BE(6)) * 2
  const name = Buffer.from(record.subarray(8, 8 + length - (length % 2)))
  return name.length === length ? nameIn(name.swap16(), 'utf16le') : ''
}

/** From the first record on to the end of the node's records; undefined where there is none. */
function firstRecord(node: Buffer): Buffer | undefined {
  const records = node.readUInt16BE(10)
  const table = node.length - 2 * (records + 1)
  const start = node.readUInt16BE(node.length - 2)
  if (records === 0 || table < 14 || start !== 14 || start + 8 > table) return undefined
  return node.subarray(start, table)
}

/** Undefined where it lies behind the header's own eight extents: the tree of overflowing extents is not followed. */
function nodeBytes(area: Disk, header: Header, { fork, nodeSize }: Tree, number: number): Buffer | undefined {
  const held = fork.extents.reduce((sum, { count }) => sum + count * header.blockSize, 0)
  if ((number + 1) * nodeSize > held) return undefined
  return forkBytes(area, header, fork, number * nodeSize, nodeSize)
}

function forkBytes(area: Disk, { blockSize }: Header, { extents }: Fork, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let begin = 0
  for (const { start, count } of extents) {
    const end = begin + count * blockSize
    const from = Math.max(begin, offset)
    const to = Math.min(end, offset + length)
    if (from < to) bytesAt(area, start * blockSize + from - begin, to - from).copy(bytes, from - offset)
    begin = end
  }
  return bytes
}
