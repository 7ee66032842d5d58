import { Buffer } from 'node:buffer'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { blockSizeOf, encrypt, encryptionHeader, writerKey, type EncryptionShape } from './encryption.js'
import { infoPlist } from './sparse-bundle.js'
import { sparseImageNodes, type SparseImageShape } from './sparse-image.js'

const allZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0)

export interface BundleOptions {
  readonly seed?: string
  readonly bandSize: number
  readonly encryption?: EncryptionShape
  /** Bands that hold nothing but zeros are written all the same, and bands are written to their end. */
  readonly full?: boolean
}

/** Given a path and the bytes of a disk, write a sparse bundle that holds it, with no band and no end that is zeros. */
export function writeDiskBundle(path: string, disk: Buffer, options: BundleOptions): void {
  const { seed = 'disk', bandSize, encryption, full = false } = options
  const key = encryption === undefined ? undefined : writerKey(seed, encryption)
  const block = key?.blockSize ?? 1
  mkdirSync(join(path, 'bands'), { recursive: true })
  for (const name of ['Info.bckup', 'Info.plist']) {
    writeFileSync(join(path, name), infoPlist({ bandSize, virtualBytes: disk.length }))
  }
  writeFileSync(join(path, 'token'), encryption === undefined ? '' : encryptionHeader(seed, encryption))
  for (let index = 0; index * bandSize < disk.length; index += 1) {
    const room = disk.subarray(index * bandSize, (index + 1) * bandSize)
    if (!full && allZero(room)) continue
    let end = room.length
    while (!full && room[end - 1] === 0) end -= 1
    const clear = Buffer.alloc(Math.ceil(end / block) * block)
    room.copy(clear, 0, 0, end)
    writeFileSync(join(path, 'bands', index.toString(16)), key === undefined ? clear : encrypt(key, clear))
  }
}

export interface ImageOptions {
  readonly seed?: string
  readonly sectorsPerBand: number
  readonly version?: SparseImageShape['version']
  readonly encryption?: EncryptionShape
  /** A number between 0 and 1: where the next band goes, and whether a freed slot comes before it. */
  readonly chance?: () => number
}

/** Given a path and the bytes of a disk, write a sparse image that holds it: bands in any order, freed slots between. Returns how many index nodes there are. */
export function writeDiskImage(path: string, disk: Buffer, options: ImageOptions): number {
  const { seed = 'disk', sectorsPerBand, version = 3, encryption, chance = () => 1 } = options
  const bandBytes = sectorsPerBand * 512
  const slots: (number | 'freed')[] = []
  for (let index = 0; index * bandBytes < disk.length; index += 1) {
    if (allZero(disk.subarray(index * bandBytes, (index + 1) * bandBytes))) continue
    if (chance() < 0.2) slots.push('freed')
    slots.splice(Math.floor(chance() * (slots.length + 1)), 0, index)
  }
  const shape: SparseImageShape = { sectorsPerBand, sectors: disk.length / 512, slots, version }
  const { nodes, length } = sparseImageNodes(shape)
  const file = Buffer.alloc(length)
  let slot = 0
  nodes.forEach(({ offset, bytes }, number) => {
    bytes.copy(file, offset)
    const end = nodes[number + 1]?.offset ?? length
    for (let at = offset + bytes.length; at < end; at += bandBytes, slot += 1) {
      const band = slots[slot]
      // What a freed slot held is still there, and is nobody's.
      if (band === 'freed') file.fill(0xee, at, at + bandBytes)
      else if (band !== undefined) disk.copy(file, at, band * bandBytes, (band + 1) * bandBytes)
    }
  })
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, encryption === undefined ? file : sealed(seed, file, encryption))
  return nodes.length
}

function sealed(seed: string, file: Buffer, encryption: EncryptionShape): Buffer {
  const block = blockSizeOf(encryption)
  const clear = Buffer.alloc(Math.ceil(file.length / block) * block)
  file.copy(clear)
  const data = encrypt(writerKey(seed, encryption), clear)
  // A v1 header lies right behind the data; a v2 header tells where it ends within its last cipher block.
  if (encryption.version === 'v1') return Buffer.concat([data, encryptionHeader(seed, encryption, data.length)])
  return Buffer.concat([encryptionHeader(seed, encryption, file.length), data])
}
