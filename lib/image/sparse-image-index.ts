import type { Buffer } from 'node:buffer'
import type { FindingCode } from '../finding/codes.js'
import { slotSet } from './slot-set.js'

/** The index of a plain sparse image, as far as it could be followed. Lengths in bytes. */
export interface SparseImageIndex {
  readonly version: number
  /** How long each index node is. */
  readonly nodeBytes: number
  readonly bandBytes: number
  readonly virtualBytes: number
  readonly nodes: number
  /** Slots that hold a band. */
  readonly usedSlots: number
  /** Slots that held one once and are free for another. */
  readonly freedSlots: number
  /** How long the file must at least be; 0 where the header cannot be used. */
  readonly expectedLength: number
  readonly problems: readonly IndexProblem[]
}

export interface IndexProblem {
  readonly code: FindingCode
  readonly message: string
  /** A reader of an image that is being written may see this for a moment. */
  readonly passing: boolean
}

/** Given an offset and a length in bytes, returns what the file holds there; shorter where the file ends first. */
export type Read = (offset: number, length: number) => Buffer

interface Shape {
  readonly version: number
  readonly bandBytes: number
  readonly virtualBytes: number
  readonly bands: number
  readonly nodeSize: number
}

const sector = 512
const freed = 0xffffffff
const mostBands = 0x8000000
const mostSectorsPerBand = 0x200000

/**
 * Given a way to read a file that begins `sprs` and its length in bytes, follow its index nodes and return what they
 * say and what is wrong with them. Node n+1 lies right behind the last slot of node n. Sources: apfs-fuse
 * DeviceSparseImage, fsdump AppleSparseimage, mac_apt apple_sparse_image; all integers big-endian. No image of more
 * than 1,008 bands was there to check against. `held` hears of each band and of the slot that holds it, counted over all
 * nodes.
 */
export function readSparseImageIndex(
  read: Read,
  fileLength: number,
  held: (band: number, slot: number) => void = () => undefined,
): SparseImageIndex {
  const problems: IndexProblem[] = []
  const problem = (code: FindingCode, message: string, passing = true): void => {
    // More than a report shows, and a bound on what a crafted index can make us keep.
    if (problems.length < 1000) problems.push({ code, message, passing })
  }
  const head = read(0, 4096)
  const shape = readShape(head, (message) => problem('sparse-image-header-damaged', message, false))
  const empty = {
    version: 0,
    nodeBytes: 0,
    bandBytes: 0,
    virtualBytes: 0,
    nodes: 0,
    usedSlots: 0,
    freedSlots: 0,
    expectedLength: 0,
  }
  if (shape === undefined) return { ...empty, problems }

  const seen = slotSet(shape.bands)
  let [offset, nodes, before, usedSlots, freedSlots] = [0, 0, 0, 0, 0]
  let expectedLength: number
  for (let node = head.subarray(0, shape.nodeSize); ;) {
    const tableAt = nodes === 0 ? firstTable : otherTable
    const capacity = (shape.nodeSize - tableAt) / 4
    let [filled, ended, reported] = [0, false, false]
    for (let slot = 0; slot < capacity; slot += 1) {
      const entry = node.readUInt32BE(tableAt + slot * 4)
      const where = `Slot ${String(slot)} of index node ${String(nodes)}`
      if (entry === 0) ended = true
      else if (ended) {
        if (!reported) problem('slot-after-end', `${where} is used although the list of slots ended before it.`)
        reported = true
      } else {
        filled = slot + 1
        if (entry === freed) freedSlots += 1
        else if (entry > shape.bands)
          problem('slot-out-of-range', `${where} names band ${String(entry - 1)}, which lies outside the disk.`)
        else if (seen.add(entry - 1)) {
          usedSlots += 1
          held(entry - 1, before + slot)
        } else problem('slot-duplicate', `${where} names band ${String(entry - 1)}, which another slot holds already.`)
      }
    }
    expectedLength = offset + shape.nodeSize + filled * shape.bandBytes
    const next = nextNode(node, nodes)
    nodes += 1
    before += capacity
    if (next === 0n) break
    const here = `Index node ${String(nodes - 1)}`
    const expectedNext = offset + shape.nodeSize + capacity * shape.bandBytes
    if (next <= BigInt(offset)) {
      problem('node-loop', `${here} points back to byte ${String(next)}, so the list of nodes never ends.`)
      break
    }
    if (next !== BigInt(expectedNext)) {
      problem(
        'node-misplaced',
        `${here} says the next one lies at byte ${String(next)}; it belongs at ${String(expectedNext)}.`,
      )
      break
    }
    if (nodes > mostBands / capacity + 1) {
      problem('node-misplaced', 'There are more index nodes than a sparse image can have.')
      break
    }
    if (filled < capacity) problem('node-early', `${here} has room left, yet another node follows it.`)
    expectedLength = expectedNext + shape.nodeSize
    if (expectedLength > fileLength) break
    node = read(expectedNext, shape.nodeSize)
    if (node.length < shape.nodeSize || !isNode(node, nodes)) {
      problem(
        'node-damaged',
        `At byte ${String(expectedNext)}, index node ${String(nodes)} is expected, but there is none.`,
      )
      break
    }
    offset = expectedNext
  }
  const { version, nodeSize: nodeBytes, bandBytes, virtualBytes } = shape
  return { version, nodeBytes, bandBytes, virtualBytes, nodes, usedSlots, freedSlots, expectedLength, problems }
}

const [firstTable, otherTable] = [64, 56]

/** Given an index and the number of a slot, return where in the file its band begins, in bytes. */
export function slotOffset({ nodeBytes, bandBytes }: SparseImageIndex, slot: number): number {
  const [first, others] = [(nodeBytes - firstTable) / 4, (nodeBytes - otherTable) / 4]
  const node = slot < first ? 0 : 1 + Math.floor((slot - first) / others)
  return (node + 1) * nodeBytes + slot * bandBytes
}

function readShape(head: Buffer, problem: (message: string) => void): Shape | undefined {
  if (head.length < sector || head.toString('latin1', 0, 4) !== 'sprs') {
    problem('The file is too short for the header of a sparse image, or has none.')
    return undefined
  }
  const version = head.readUInt32BE(4)
  const sectorsPerBand = head.readUInt32BE(8)
  const low = head.readUInt32BE(16)
  const wide = head.readBigUInt64BE(28)
  const sectors = version === 3 ? wide : BigInt(low)
  // Version 1 ("puma compatible") has small nodes: 112 and 114 entries.
  const nodeSize = version === 1 ? sector : 4096
  const faults: string[] = []
  if (version === 0 || version > 3) faults.push(`version ${String(version)} is unknown`)
  if (sectorsPerBand === 0 || sectorsPerBand > mostSectorsPerBand) faults.push('the band size is impossible')
  if (sectors === 0n) faults.push('the disk inside has no size')
  if (version === 3 && BigInt.asUintN(32, wide) !== BigInt(low)) faults.push('the two sizes of the disk inside differ')
  if (head.length < nodeSize) faults.push('the file ends inside it')
  const bands = sectorsPerBand === 0 ? 0n : (sectors + BigInt(sectorsPerBand) - 1n) / BigInt(sectorsPerBand)
  if (bands > BigInt(mostBands)) faults.push('the disk inside has more bands than a sparse image can hold')
  if (faults.length > 0) {
    problem(`The header of the sparse image is damaged: ${faults.join('; ')}.`)
    return undefined
  }
  const virtualBytes = Number(sectors) * sector
  return { version, nodeSize, bandBytes: sectorsPerBand * sector, virtualBytes, bands: Number(bands) }
}

/** The first node holds the offset of the next at byte 20, every other at byte 12. */
const nextNode = (node: Buffer, number: number): bigint => node.readBigUInt64BE(number === 0 ? 20 : 12)

const isNode = (node: Buffer, number: number): boolean =>
  node.toString('latin1', 0, 4) === 'sprs' && node.readUInt32BE(4) === number
