import { closeSync, mkdirSync, openSync, readdirSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type * as exportModule from '../../lib/disk/export.js'
import type * as unlockModule from '../../lib/disk/unlock.js'
import { fromText } from '../../lib/text/raw-path.js'
import { content } from '../support/image-writer/content.js'
import { encryptionHeader } from '../support/image-writer/encryption.js'
import { infoPlist } from '../support/image-writer/sparse-bundle.js'
import { inFolder, largeBundle, name } from './large.js'
import { built, compare, programMilliseconds, type Figure } from './support.js'

const bandBytes = 8 * 1024 * 1024
const passphrase = 'bench'

/** Export to /dev/null, from the page cache and without start-up: a plain bundle against cat, an encrypted one against openssl. */
export function benchExport(): Promise<Figure[]> {
  return inFolder(async (folder) => {
    const { exportDisk } = await built<typeof exportModule>('lib/disk/export.js')
    const { unlockImage } = await built<typeof unlockModule>('lib/disk/unlock.js')
    const exported = async (path: string): Promise<number> => {
      const image = { path: fromText(path), container: 'sparse-bundle' } as const
      const target = openSync('/dev/null', 'w')
      const began = performance.now()
      const write = (bytes: Buffer): void => void writeSync(target, bytes)
      const output = { write, hole: () => undefined, finish: () => undefined, abandon: () => undefined }
      await exportDisk(image, unlockImage(image, Buffer.from(passphrase)), output)
      const took = performance.now() - began
      closeSync(target)
      return took
    }
    const plain = largeBundle(join(folder, 'plain'), 256, bandBytes)
    const bands = readdirSync(join(plain, 'bands')).map((band) => join(plain, 'bands', band))
    const encrypted = encryptedBundle(join(folder, 'encrypted'), 128)
    const whole = join(folder, 'whole')
    for (let band = 0; band < 128; band += 1) writeFileSync(whole, content(String(band), bandBytes), { flag: 'a' })
    const key = ['-K', '00'.repeat(16), '-iv', '00'.repeat(16)]
    const openssl = ['enc', '-d', '-aes-128-cbc', '-nopad', ...key, '-in', whole, '-out', '/dev/null']
    return [
      await compare({
        work: 'export 2 GiB plain',
        limit: 0.6,
        atLeast: true,
        against: 'cat',
        subject: () => exported(plain),
        reference: () => programMilliseconds('cat', bands),
      }),
      await compare({
        work: 'export 1 GiB AES-128',
        limit: 0.4,
        atLeast: true,
        against: 'openssl enc -d',
        subject: () => exported(encrypted),
        reference: () => programMilliseconds('openssl', openssl),
      }),
    ]
  })
}

/** Its bands are random bytes, which decrypt to others in the same time. */
function encryptedBundle(folder: string, bands: number): string {
  const path = join(folder, name)
  mkdirSync(join(path, 'bands'), { recursive: true })
  const shape = { bandSize: bandBytes, virtualBytes: bands * bandBytes }
  for (const list of ['Info.plist', 'Info.bckup']) writeFileSync(join(path, list), infoPlist(shape))
  writeFileSync(join(path, 'token'), encryptionHeader('bench', { version: 'v2', passphrase, blockSize: 512 }))
  for (let band = 0; band < bands; band += 1) {
    writeFileSync(join(path, 'bands', band.toString(16)), content(String(band), bandBytes))
  }
  return path
}
