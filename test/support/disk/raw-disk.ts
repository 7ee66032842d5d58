import { Buffer } from 'node:buffer'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Disk } from '../../../lib/image/disk.js'

/** Given bytes, return them as a disk. */
export const diskOfBytes = (bytes: Buffer): Disk => ({
  size: bytes.length,
  read: (offset, length) => bytes.subarray(offset, offset + length),
})

/** Given the path of a file, return its bytes as a disk. */
export const diskOfFile = (path: string): Disk => {
  const within = <T>(use: (file: number) => T): T => {
    const file = openSync(path, 'r')
    try {
      return use(file)
    } finally {
      closeSync(file)
    }
  }
  return {
    size: within((file) => fstatSync(file).size),
    read: (offset, length) => {
      const bytes = Buffer.alloc(length)
      return bytes.subarray(
        0,
        within((file) => readSync(file, bytes, 0, length, offset)),
      )
    },
  }
}
