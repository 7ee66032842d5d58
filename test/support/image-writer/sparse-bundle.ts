import { Buffer } from 'node:buffer'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { content } from './content.js'

export interface BundleShape {
  readonly seed?: string
  readonly bandSize?: number | bigint
  readonly virtualBytes?: number | bigint
  /** Index and length in bytes of each band there is; the order of writing. */
  readonly bands?: readonly { readonly index: number; readonly length: number }[]
  /** Writes `mapped/` with one bitmap for each band. */
  readonly mapped?: boolean
  /** Default: empty, so not encrypted. */
  readonly token?: Buffer
  readonly version?: number
  readonly type?: string
  /** Stores numbers as text, as some other programs do. */
  readonly textNumbers?: boolean
  /** Writes the empty `lock` of newer systems. */
  readonly lock?: boolean
}

export const mebibyte = 1024 * 1024

/** Given a shape, return the text of its Info.plist. */
export function infoPlist({
  bandSize = mebibyte,
  virtualBytes = 4 * mebibyte,
  version = 1,
  type = 'com.apple.diskimage.sparsebundle',
  textNumbers = false,
}: BundleShape = {}): string {
  const number = (value: number | bigint): string =>
    textNumbers ? `<string>${String(value)}</string>` : `<integer>${String(value)}</integer>`
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
\t<key>CFBundleInfoDictionaryVersion</key>
\t<string>6.0</string>
\t<key>band-size</key>
\t${number(bandSize)}
\t<key>bundle-backingstore-version</key>
\t<integer>${String(version)}</integer>
\t<key>diskimage-bundle-type</key>
\t<string>${type}</string>
\t<key>size</key>
\t${number(virtualBytes)}
</dict>
</plist>
`
}

/** Given a length in bytes, return the bitmap that `mapped/` holds for a band written up to there. */
export function bitmap(bandSize: number, length: number): Buffer {
  const bytes = Buffer.alloc(Math.ceil(bandSize / 4096 / 8))
  for (let block = 0; block < Math.ceil(length / 4096); block += 1) {
    bytes[block >> 3] = (bytes[block >> 3] as number) | (1 << (block & 7))
  }
  return bytes
}

/** Given the content of band 0, returns it with the mark of a boot sector, so that it is known for a disk. */
export function bootSector(bytes: Buffer): Buffer {
  if (bytes.length >= 512) Buffer.from([0x55, 0xaa]).copy(bytes, 510)
  return bytes
}

/** Given a path and a shape, write a sparse bundle there as hdiutil would. */
export function writeSparseBundle(path: string, shape: BundleShape = {}): void {
  const { seed = 'bundle', bandSize = mebibyte, bands = [], mapped = false, token = Buffer.alloc(0) } = shape
  mkdirSync(join(path, 'bands'), { recursive: true })
  writeFileSync(join(path, 'Info.bckup'), infoPlist(shape))
  writeFileSync(join(path, 'Info.plist'), infoPlist(shape))
  writeFileSync(join(path, 'token'), token)
  if (shape.lock === true) writeFileSync(join(path, 'lock'), '')
  if (mapped) mkdirSync(join(path, 'mapped'))
  for (const { index, length } of bands) {
    const bytes = content(`${seed} ${String(index)}`, length)
    const name = index.toString(16)
    writeFileSync(join(path, 'bands', name), index === 0 && token.length === 0 ? bootSector(bytes) : bytes)
    if (mapped) writeFileSync(join(path, 'mapped', name), bitmap(Number(bandSize), length))
  }
}
