import { Buffer } from 'node:buffer'

/** Given the first bytes of a disk, tell whether they hold a partition map or a file system Macs write. */
export function looksLikeDisk(bytes: Buffer): boolean {
  const at = (offset: number, length: number): string => bytes.toString('latin1', offset, offset + length)
  return (
    at(512, 8) === 'EFI PART' ||
    (at(0, 2) === 'ER' && at(512, 2) === 'PM') ||
    at(510, 2) === '\x55\xaa' ||
    at(1024, 2) === 'H+' ||
    at(1024, 2) === 'HX' ||
    at(32, 4) === 'NXSB'
  )
}

/** `looksEncrypted` needs this many bytes. */
export const sampleLength = 4096

/**
 * Given 4096 bytes, tell whether their values are spread as evenly as ciphertext's (chi-square against a flat spread:
 * about 255 ± 23 for random bytes, far above 400 for anything a file system writes at its start).
 */
export function looksEncrypted(bytes: Buffer): boolean {
  if (bytes.length < sampleLength) return false
  const counts = new Uint32Array(256)
  for (let at = 0; at < sampleLength; at += 1) counts[bytes[at] as number]! += 1
  const expected = sampleLength / 256
  let chiSquare = 0
  for (const found of counts) chiSquare += (found - expected) ** 2 / expected
  return chiSquare < 400
}

const zeros = Buffer.alloc(sampleLength)

/** Given bytes, tell whether all of them are zero. */
export function allZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const part = bytes.subarray(at, at + zeros.length)
    if (!part.equals(zeros.subarray(0, part.length))) return false
  }
  return true
}
