import { Buffer } from 'node:buffer'
import { content } from './content.js'

/** Given a seed, return a v2 encryption header with the right fields; the keys in it are random bytes. */
export function v2Header(
  seed: string,
  { blockSize = 512, dataOffset = 122_368, dataLength = 0, certificate = false, keyBits = 128, passphrases = 1 } = {},
): Buffer {
  const header = Buffer.alloc(dataOffset)
  const u32 = (at: number, value: number): number => header.writeUInt32BE(value, at)
  const u64 = (at: number, value: number): number => header.writeBigUInt64BE(BigInt(value), at)
  header.write('encrcdsa', 'latin1')
  ;[2, 16, 5, 0x80000001, keyBits, 91, 160].forEach((value, index) => u32(8 + index * 4, value))
  content(`${seed} uuid`, 16).copy(header, 36)
  u32(52, blockSize)
  u64(56, dataLength)
  u64(64, dataOffset)
  const records = passphrases + (certificate ? 1 : 0)
  u32(72, records)
  let [listed, recordAt] = [76, 76 + records * 20]
  if (certificate) entry(2, 564)
  for (let number = 0; number < passphrases; number += 1) passphraseRecord(entry(1, 616))
  return header

  function entry(type: number, length: number): number {
    u32(listed, type)
    u64(listed + 4, recordAt)
    u64(listed + 12, length)
    listed += 20
    recordAt += length
    return recordAt - length
  }

  function passphraseRecord(at: number): void {
    ;[103, 0, 250_000, 20].forEach((value, index) => u32(at + index * 4, value))
    content(`${seed} salt`, 20).copy(header, at + 16)
    u32(at + 48, 8)
    content(`${seed} vector`, 8).copy(header, at + 52)
    ;[192, 17, 7, 6, 48].forEach((value, index) => u32(at + 84 + index * 4, value))
    content(`${seed} key`, 48).copy(header, at + 104)
  }
}

/** Given a seed, return a v1 encryption header (1276 bytes) with the right fields; the keys in it are random bytes. */
export function v1Header(seed: string, { dataLength = 0 } = {}): Buffer {
  const header = Buffer.alloc(1276)
  content(`${seed} uuid`, 16).copy(header)
  const fields: readonly (readonly [at: number, values: readonly number[]])[] = [
    [0x10, [4096, 17, 7, 6, 192, 8, 103, 0, 1000, 20]],
    [0x58, [16, 5, 0x80000001, 128]],
    [0x88, [40]],
    [0x18c, [91, 160]],
    [0x1b4, [48]],
    [0x2b8, [91, 160]],
    [0x2e0, [48]],
    [0x3e4, [20]],
    [0x4f0, [1]],
  ]
  for (const [at, values] of fields) values.forEach((value, index) => header.writeUInt32BE(value, at + index * 4))
  for (const [at, length] of [
    [0x38, 20],
    [0x8c, 40],
    [0x1b8, 48],
    [0x2e4, 48],
    [0x3e8, 20],
  ] as const) {
    content(`${seed} ${String(at)}`, length).copy(header, at)
  }
  header.writeBigUInt64BE(BigInt(dataLength), 0x4e8)
  header.write('cdsaencr', 0x4f4, 'latin1')
  return header
}
