import { Buffer } from 'node:buffer'
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { content } from './content.js'

export interface SparseImageShape {
  readonly seed?: string
  readonly sectorsPerBand?: number
  readonly sectors?: number
  /** The band in each slot, in order; `freed` for a slot that held one once. More than one node where they do not fit. */
  readonly slots?: readonly (number | 'freed')[]
  readonly version?: 1 | 2 | 3
}

const sector = 512

/**
 * Given a shape, return the pieces of a sparse image: each index node with its offset, and the file's length. A node
 * that is full is followed by another, as there is room for the next slot nowhere else.
 */
export function sparseImageNodes({
  sectorsPerBand = 8,
  sectors = 4096,
  slots = [],
  version = 3,
}: SparseImageShape = {}): { nodes: { offset: number; bytes: Buffer }[]; length: number; bandBytes: number } {
  const nodeSize = version === 1 ? sector : 4096
  const bandBytes = sectorsPerBand * sector
  const nodes: { offset: number; bytes: Buffer }[] = []
  let [offset, at] = [0, 0]
  let length: number
  do {
    const number = nodes.length
    const table = number === 0 ? 64 : 56
    const capacity = (nodeSize - table) / 4
    const here = slots.slice(at, at + capacity)
    at += here.length
    const end = offset + nodeSize + here.length * bandBytes
    const next = at < slots.length ? end : 0
    const bytes = Buffer.alloc(nodeSize)
    bytes.write('sprs', 'latin1')
    if (number === 0) {
      ;[version, sectorsPerBand, 1, sectors].forEach((value, index) => bytes.writeUInt32BE(value, 4 + index * 4))
      bytes.writeBigUInt64BE(BigInt(next), 20)
      if (version === 3) bytes.writeBigUInt64BE(BigInt(sectors), 28)
    } else {
      bytes.writeUInt32BE(number, 4)
      bytes.writeUInt32BE(1, 8)
      bytes.writeBigUInt64BE(BigInt(next), 12)
    }
    here.forEach((slot, index) => bytes.writeUInt32BE(slot === 'freed' ? 0xffffffff : slot + 1, table + index * 4))
    nodes.push({ offset, bytes })
    length = end
    offset = next
  } while (at < slots.length)
  return { nodes, length, bandBytes }
}

/** Given a path and a shape, write a plain sparse image there; bands hold random bytes made from the seed. */
export function writeSparseImage(path: string, shape: SparseImageShape = {}, { withContent = true } = {}): void {
  const { nodes, length, bandBytes } = sparseImageNodes(shape)
  const file = openSync(path, 'w')
  try {
    ftruncateSync(file, length)
    nodes.forEach(({ offset, bytes }, index) => {
      writeSync(file, bytes, 0, bytes.length, offset)
      const end = nodes[index + 1]?.offset ?? length
      for (let at = offset + bytes.length; withContent && at < end; at += bandBytes) {
        writeSync(file, content(`${shape.seed ?? 'image'} ${String(at)}`, bandBytes), 0, bandBytes, at)
      }
    })
  } finally {
    closeSync(file)
  }
}
