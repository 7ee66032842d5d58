import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, readSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as openModule from '../../lib/disk/open.js'
import type * as structureModule from '../../lib/look/structure.js'
import type * as checkModule from '../../lib/volume/check-disk.js'
import { fromText } from '../../lib/text/raw-path.js'
import { mebibyte, writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { inFolder, name } from './large.js'
import { built, type Figure } from './support.js'

const [bands, bandSize] = [256, 8 * mebibyte]

/** What a look at the structure of a full plain bundle of 2 GiB and the check of the disk inside read, as the system counts it. */
export function benchVolume(): Promise<Figure[]> {
  return inFolder(async (folder) => {
    const { lookAtStructure } = await built<typeof structureModule>('lib/look/structure.js')
    const { openDisk } = await built<typeof openModule>('lib/disk/open.js')
    const { checkDisk } = await built<typeof checkModule>('lib/volume/check-disk.js')
    const image = { path: fromText(fatBundle(folder)), container: 'sparse-bundle' } as const
    const before = bytesRead()
    lookAtStructure(image, { inUse: false })
    const disk = openDisk(image)
    const { volumes, findings } = checkDisk(disk)
    disk.close()
    const value = (bytesRead() - before) / mebibyte
    if (volumes[0]?.kind !== 'fat32' || findings.length > 0) throw new Error(JSON.stringify({ volumes, findings }))
    const work = 'structure and disk inside of a plain bundle of 2 GiB, MiB read'
    return [{ work, shown: `${value.toFixed(2)} MiB`, value, limit: 16 }]
  })
}

/** A FAT32 volume of 2 GiB, every band of it stored. */
function fatBundle(folder: string): string {
  const raw = join(folder, 'raw')
  writeFileSync(raw, '')
  truncateSync(raw, bands * bandSize)
  execFileSync('mkfs.vfat', ['-F', '32', raw], { stdio: 'ignore', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } })
  const path = join(folder, name)
  writeSparseBundle(path, { bandSize, virtualBytes: bands * bandSize })
  const descriptor = openSync(raw, 'r')
  const content = Buffer.alloc(bandSize)
  for (let index = 0; index < bands; index += 1) {
    readSync(descriptor, content, 0, bandSize, index * bandSize)
    writeFileSync(join(path, 'bands', index.toString(16)), content)
  }
  closeSync(descriptor)
  return path
}

const bytesRead = (): number => Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
