import { Buffer } from 'node:buffer'
import { expect } from 'chai'
import { DamagedMap, openObjectMap } from '../../../lib/volume/apfs-object-map.js'
import { diskOfBytes } from '../../support/disk/raw-disk.js'

const block = 4096
const blocks = 8
const [map, root, left, right] = [1, 2, 3, 4]
const container = { blockSize: block, blocks, transaction: 50 }

interface Entry {
  readonly id: number
  readonly transaction: number
  readonly value: number
}

interface Node {
  readonly at: number
  readonly flags: number
  readonly level: number
  readonly entries: readonly Entry[]
}

/** A node with keys of 16 bytes, and values of 16 bytes in a leaf or 8 above it. */
function node({ at, flags, level, entries }: Node): Buffer {
  const bytes = object(at, (flags & 1) === 0 ? 3 : 2)
  const valueLength = (flags & 2) === 0 ? 8 : 16
  const end = block - ((flags & 1) === 0 ? 0 : 40)
  bytes.writeUInt16LE(flags, 32)
  bytes.writeUInt16LE(level, 34)
  bytes.writeUInt32LE(entries.length, 36)
  bytes.writeUInt16LE(0, 40)
  bytes.writeUInt16LE(64, 42)
  entries.forEach(({ id, transaction, value }, index) => {
    bytes.writeUInt16LE(index * 16, 56 + index * 4)
    bytes.writeUInt16LE((index + 1) * valueLength, 56 + index * 4 + 2)
    bytes.writeBigUInt64LE(BigInt(id), 56 + 64 + index * 16)
    bytes.writeBigUInt64LE(BigInt(transaction), 56 + 64 + index * 16 + 8)
    bytes.writeBigUInt64LE(BigInt(value), end - (index + 1) * valueLength + (valueLength - 8))
  })
  return bytes
}

function object(at: number, type: number): Buffer {
  const bytes = Buffer.alloc(block)
  bytes.writeBigUInt64LE(BigInt(at), 8)
  bytes.writeUInt32LE(type, 24)
  return bytes
}

/** A container with a map whose tree has a root over two leaves. */
function made(change: (objects: Buffer[]) => void = () => undefined): ReturnType<typeof openObjectMap> {
  const mapObject = object(map, 11)
  mapObject.writeBigUInt64LE(BigInt(root), 48)
  const objects = [
    mapObject,
    node({
      at: root,
      flags: 5,
      level: 1,
      entries: [
        { id: 100, transaction: 1, value: left },
        { id: 200, transaction: 9, value: right },
      ],
    }),
    node({
      at: left,
      flags: 6,
      level: 0,
      entries: [
        { id: 100, transaction: 1, value: 11 },
        { id: 100, transaction: 40, value: 12 },
        { id: 100, transaction: 60, value: 13 },
        { id: 150, transaction: 60, value: 14 },
      ],
    }),
    node({
      at: right,
      flags: 6,
      level: 0,
      entries: [
        { id: 200, transaction: 9, value: 21 },
        { id: 300, transaction: 50, value: 22 },
      ],
    }),
  ]
  change(objects)
  const disk = Buffer.alloc(block * blocks)
  objects.forEach((bytes, index) => summed(bytes).copy(disk, (index + 1) * block))
  return openObjectMap(diskOfBytes(disk), container, map)
}

function summed(bytes: Buffer): Buffer {
  const modulus = 0xffffffff
  let [low, high] = [0, 0]
  for (let at = 8; at < bytes.length; at += 4) {
    low = (low + bytes.readUInt32LE(at)) % modulus
    high = (high + low) % modulus
  }
  const first = modulus - ((low + high) % modulus)
  bytes.writeUInt32LE(first, 0)
  bytes.writeUInt32LE(modulus - ((low + first) % modulus), 4)
  return bytes
}

const damage = (change: (objects: Buffer[]) => void, id = 100): string => {
  try {
    made(change).find(id)
    return ''
  } catch (error) {
    if (!(error instanceof DamagedMap)) throw error
    return error.message
  }
}

describe('an object map of two levels', () => {
  it('finds the newest version of an object that the checkpoint knows, and no other', () => {
    expect(made().find(100)).to.equal(12)
    expect(made().find(200)).to.equal(21)
    expect(made().find(300)).to.equal(22)
    // Before the first, between two, only younger ones, behind the last.
    for (const id of [99, 101, 150, 250, 301]) expect(made().find(id), String(id)).to.equal(undefined)
  })

  it('whose nodes are not what belongs there is damaged', () => {
    expect(damage(([, node]) => node?.writeUInt32LE(3, 24))).to.equal("the object map's tree is missing")
    expect(damage(([one]) => one?.writeUInt32LE(12, 24))).to.equal('the object map is missing')
    expect(damage(([one]) => one?.writeBigUInt64LE(8n, 48))).to.contain('lies outside the container')
    expect(damage(([one]) => one?.writeBigUInt64LE(0n, 48))).to.contain('lies outside the container')
    expect(damage(([, , node]) => node?.writeBigUInt64LE(4n, 8))).to.contain('says that it lies elsewhere')
    expect(damage(([, , node]) => node?.writeUInt16LE(1, 34))).to.contain('levels')
    expect(damage(([, node]) => node?.writeUInt16LE(17, 34))).to.contain('levels')
    expect(damage(([, , node]) => node?.writeUInt16LE(4, 32))).to.contain('another kind')
    expect(damage(([, , node]) => node?.writeUInt16LE(2, 32))).to.contain('another kind')
    // A child that is its own parent.
    expect(damage(([, node]) => node?.writeBigUInt64LE(2n, block - 40 - 8))).to.contain('levels')
  })

  it('whose entries lie outside of their node is damaged', () => {
    for (const change of [
      (node?: Buffer) => node?.writeUInt32LE(17, 36),
      (node?: Buffer) => node?.writeUInt16LE(4100, 42),
      (node?: Buffer) => node?.writeUInt16LE(0xfff0, 56),
      (node?: Buffer) => node?.writeUInt16LE(8, 58),
      (node?: Buffer) => node?.writeUInt16LE(4090, 58),
    ])
      expect(damage(([, , node]) => change(node))).to.equal("the entries of the object map's tree are misplaced")
  })
})
