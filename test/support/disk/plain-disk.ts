import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parsePlist, plistInteger, type PlistDictionary } from '../../../lib/image/plist.js'
import type { Disk } from '../../../lib/image/disk.js'
import { diskOfBytes } from './raw-disk.js'

/** Given a plain image of one index node or a plain bundle, small enough for memory, return the disk inside. */
export function plainDisk(file: string): Disk {
  return diskOfBytes(file.endsWith('.sparseimage') ? fromImage(readFileSync(file)) : fromBundle(file))
}

function fromImage(bytes: Buffer): Buffer {
  const bandBytes = bytes.readUInt32BE(8) * 512
  const disk = Buffer.alloc(Number(bytes.readBigUInt64BE(28)) * 512)
  for (let slot = 0; bytes.readUInt32BE(64 + slot * 4) !== 0; slot += 1) {
    const band = bytes.subarray(4096 + slot * bandBytes, 4096 + (slot + 1) * bandBytes)
    band.copy(disk, (bytes.readUInt32BE(64 + slot * 4) - 1) * bandBytes)
  }
  return disk
}

function fromBundle(folder: string): Buffer {
  const plist = parsePlist(readFileSync(join(folder, 'Info.plist'))) as PlistDictionary
  const [bandSize, size] = ['band-size', 'size'].map((key) => Number(plistInteger(plist[key]))) as [number, number]
  const disk = Buffer.alloc(size)
  for (let band = 0; band * bandSize < size; band += 1) {
    const bytes = tryRead(join(folder, 'bands', band.toString(16)))
    bytes?.copy(disk, band * bandSize)
  }
  return disk
}

function tryRead(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
