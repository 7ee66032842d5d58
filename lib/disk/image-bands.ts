import { Buffer } from 'node:buffer'
import type { Bands } from '../image/band-disk.js'
import { blockCipher, type DataKey } from '../image/block-cipher.js'
import { readV1Header, readV2Header, v1Length } from '../image/encryption-header.js'
import { slotTable } from '../image/slot-table.js'
import { readSparseImageIndex, slotOffset } from '../image/sparse-image-index.js'
import { decrypted, section, type Stored } from '../image/stored.js'
import type { Folder } from '../system/folder.js'
import { holdFile, type HeldFile } from '../system/held-file.js'
import { join, type RawPath } from '../text/raw-path.js'
import { damaged, keyMissing } from './disk-errors.js'
import { headerOfFile } from './header.js'

/** Bands whose files are held open. */
export interface ClosableBands extends Bands {
  close(this: void): void
}

/**
 * Given the folder of a sparse image, its name and, where it is encrypted, its keys, return its bands. The index of an
 * encrypted one lies in the ciphertext too. Throws OperationalError, also where the index is damaged.
 */
export function imageBands(folder: Folder, name: RawPath, key: DataKey | undefined): ClosableBands {
  const file = holdFile(folder, name)
  try {
    return { ...bandsOf(file, join(folder.path, name), key), close: file.close }
  } catch (error) {
    file.close()
    throw error
  }
}

function bandsOf(file: HeldFile, path: RawPath, key: DataKey | undefined): Bands {
  const { stored, length } = contentOf(file, path, key)
  const slots = slotTable()
  const read = (offset: number, bytes: number): Buffer => {
    const buffer = Buffer.alloc(bytes)
    return buffer.subarray(0, stored.read(buffer, offset))
  }
  const index = readSparseImageIndex(read, length, slots.add)
  const [problem] = index.problems
  if (problem !== undefined) throw damaged(path, problem.message.replace(/\.$/, ''))
  if (!slots.complete) throw damaged(path, 'it has more bands than can be followed')
  if (index.expectedLength > length) {
    throw damaged(path, `its end is missing: ${String(length)} bytes where ${String(index.expectedLength)} belong`)
  }
  return {
    size: index.virtualBytes,
    bandSize: index.bandBytes,
    held: slots.bands,
    band(at) {
      const slot = slots.slotOf(at)
      return slot === undefined ? undefined : { stored, start: slotOffset(index, slot) }
    },
  }
}

/** The file as it would be without encryption. */
function contentOf(file: HeldFile, path: RawPath, key: DataKey | undefined): { stored: Stored; length: number } {
  const whole: Stored = { read: (buffer, offset) => file.read(buffer, offset).length }
  const { size } = file.stats
  const read = (offset: number, length: number): Buffer => file.read(Buffer.alloc(length), offset)
  const header = headerOfFile({ stats: file.stats, read }, path)
  if (header === undefined) return { stored: whole, length: size }
  if (key === undefined) throw keyMissing(path)
  const { header: fields } = (header.version === 'v1' ? readV1Header : readV2Header)(header.bytes)
  const start = fields?.dataOffset ?? 0
  const room = header.version === 'v1' ? size - v1Length : size - start
  // A v2 header without a length belongs to an image that is in use, or was when its Mac crashed.
  const length = fields === undefined || fields.dataLength === 0 ? room : Math.min(fields.dataLength, room)
  return { stored: section(decrypted(section(whole, start, room), blockCipher(key)), 0, length), length }
}
