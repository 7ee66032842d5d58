import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as freezeModule from '../../lib/staging/freeze-image.js'
import type * as folderModule from '../../lib/system/folder.js'
import { fromText } from '../../lib/text/raw-path.js'
import { mountReflinkDisk, unmountReflinkDisks } from '../support/reflink-disk.js'
import { writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { inFolder, name } from './large.js'
import { built, compare, milliseconds, programMilliseconds, type Figure } from './support.js'

const mebibyte = 1024 * 1024
const bands = 256

/** Freezing an image of 2 GiB against the same by `cp`. */
export function benchStaging(): Promise<Figure[]> {
  return inFolder(async (folder) => {
    const { freezeImage } = await built<typeof freezeModule>('lib/staging/freeze-image.js')
    const { closeFolder, openFolder } = await built<typeof folderModule>('lib/system/folder.js')
    const disk = mountReflinkDisk(folder, 'xfs', 3 * 1024)
    if (disk === undefined) throw new Error('no xfs can be made and mounted here')
    try {
      const image = join(disk, name)
      const bytes = Buffer.alloc(8 * mebibyte, 'band')
      writeSparseBundle(image, { bands: [], virtualBytes: bands * 8 * mebibyte })
      for (let band = 0; band < bands; band += 1) writeFileSync(join(image, 'bands', band.toString(16)), bytes)
      execFileSync('sync', ['-f', disk])
      const [staging, target] = [join(disk, 'staging'), join(disk, 'target')]
      for (const made of [staging, target]) mkdirSync(made)
      const into = openFolder(fromText(staging))
      const order: freezeModule.FreezeOrder = {
        from: fromText(image),
        container: 'sparse-bundle',
        inode: statSync(image).ino,
        into,
        name: fromText(name),
        how: 'clone',
        deadline: Infinity,
      }
      const subject = (): number => {
        rmSync(join(staging, name), { recursive: true, force: true })
        return milliseconds(() => {
          if (freezeImage(order) < bands) throw new Error('bands are missing')
        })
      }
      const reference = (): number => {
        rmSync(join(target, name), { recursive: true, force: true })
        return programMilliseconds('cp', ['-a', '--reflink=always', image, target])
      }
      const work = 'freeze 2 GiB in 256 bands by cloning'
      const figure = await compare({ work, limit: 2, against: 'cp -a --reflink=always', subject, reference })
      closeFolder(into)
      return [figure]
    } finally {
      unmountReflinkDisks()
    }
  })
}
