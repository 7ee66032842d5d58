import { Buffer } from 'node:buffer'
import { closeSync, copyFileSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { lookInside } from '../../../lib/cli/inspect-inside.js'
import { unlockImage } from '../../../lib/disk/unlock.js'
import { openDisk } from '../../../lib/disk/open.js'
import type { DataKey } from '../../../lib/image/block-cipher.js'
import type { Container, Image } from '../../../lib/image/image.js'
import { bandCollector } from '../../../lib/look/band-list.js'
import { lookAtStructure } from '../../../lib/look/structure.js'
import { mapBands } from '../../../lib/report/band-map.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { unpacked } from '../seeds.js'
import { skeletonOf } from '../skeleton.js'
import type { MakeTarget } from '../target-type.js'

const sector = 512
const passphrase = 'vilefault'

/** A part of a file of an image that its reader looks at. */
interface Part {
  readonly path: string
  readonly offset: number
  readonly bytes: Buffer
}

/** A real image with the parts of it that are changed. */
interface Crafted {
  readonly image: Image
  readonly key: DataKey | undefined
  readonly parts: readonly Part[]
}

/** Whole images on a disk, read as `inspect` reads them: structure, keys, bands and the disk inside. */
export const inside: MakeTarget = (scratch) => {
  const images = [
    crafted(unpacked(scratch, 'hfsj-plain.sparsebundle.tgz')),
    crafted(unpacked(scratch, 'fat16-plain-mapped.sparsebundle.tgz')),
    crafted(unpacked(scratch, 'gpt-aes128-v2.sparsebundle.tgz'), passphrase),
    crafted(unpacked(scratch, 'gpt-plain.sparseimage.tgz')),
    crafted(unpacked(scratch, 'gpt-aes128-v2.sparseimage.tgz'), passphrase),
  ]
  return {
    // Which image an input belongs to stands in its first byte.
    seeds: images.map(({ parts }, index) => Buffer.concat([Buffer.from([index]), ...parts.map(({ bytes }) => bytes)])),
    run(bytes, random) {
      const { image, key, parts } = images[(bytes[0] ?? 0) % images.length] as Crafted
      writeParts(parts, bytes.subarray(1))
      const shortened = random.once(40) ? random.pick(parts).path : undefined
      if (shortened !== undefined) shorten(shortened, random.below(statSync(shortened).size + 1))
      try {
        const { see, list } = bandCollector()
        const structure = lookAtStructure(image, { inUse: false }, see)
        const { bands } = lookInside(image, structure, list(), key)
        if (bands !== undefined) mapBands(bands, 80)
      } finally {
        if (shortened !== undefined) copyFileSync(`${shortened}.whole`, shortened)
      }
    },
  }
}

function crafted(path: string, passphraseText?: string): Crafted {
  const container: Container = path.endsWith('.sparseimage') ? 'sparse-image' : 'sparse-bundle'
  const image = { path: fromText(path), container } as Image
  const key = passphraseText === undefined ? undefined : unlockImage(image, Buffer.from(passphraseText))
  const parts = container === 'sparse-image' ? partsOfFile(path) : partsOfBundle(path, image, key)
  for (const file of new Set(parts.map(({ path: one }) => one))) copyFileSync(file, `${file}.whole`)
  return { image, key, parts }
}

/** Property lists, the head of the token, and of the bands what the check of the disk inside reads. */
function partsOfBundle(path: string, image: Image, key: DataKey | undefined): Part[] {
  const disk = openDisk(image, key)
  const { sectors } = skeletonOf(disk)
  disk.close()
  const heads = ['Info.plist', 'Info.bckup', 'token'].map((name) => part(join(path, name), 0, 4096))
  const inBands = sectors.map((at) => {
    const band = Math.floor((at * sector) / disk.bandSize)
    return part(join(path, 'bands', band.toString(16)), at * sector - band * disk.bandSize, sector)
  })
  return [...heads, ...inBands].filter(({ bytes }) => bytes.length > 0)
}

/** The first index node or the header of the keys, and both ends of the disk, where they are not zeros. */
function partsOfFile(path: string): Part[] {
  const { size } = statSync(path)
  const index = readFileSync(path).toString('latin1', 0, 4) === 'sprs' ? 4096 : 122_880
  const places = [0, index, index + 4096, size - 24 * 1024].flatMap((from) =>
    Array.from({ length: from === size - 24 * 1024 ? 48 : 8 }, (_, at) => from + at * sector),
  )
  const parts = [...new Set(places)].map((offset) => part(path, offset, sector))
  return parts.filter(({ bytes }) => bytes.some((byte) => byte !== 0))
}

const part = (path: string, offset: number, length: number): Part => ({
  path,
  offset,
  bytes: readFileSync(path).subarray(offset, offset + length),
})

/** Each part gets its share of the bytes; the last ones zeros where there are too few. */
function writeParts(parts: readonly Part[], bytes: Buffer): void {
  let at = 0
  let open = { path: '', descriptor: -1 }
  for (const { path, offset, bytes: before } of parts) {
    if (open.path !== path) {
      if (open.descriptor >= 0) closeSync(open.descriptor)
      open = { path, descriptor: openSync(path, 'r+') }
    }
    const share = Buffer.alloc(before.length)
    bytes.subarray(at, at + before.length).copy(share)
    writeSync(open.descriptor, share, 0, share.length, offset)
    at += before.length
  }
  if (open.descriptor >= 0) closeSync(open.descriptor)
}

function shorten(path: string, length: number): void {
  const descriptor = openSync(path, 'r+')
  ftruncateSync(descriptor, length)
  closeSync(descriptor)
}
