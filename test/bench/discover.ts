import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as discoverModule from '../../lib/discover/discover.js'
import { fromText } from '../../lib/text/raw-path.js'
import { writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { writeSparseImage } from '../support/image-writer/sparse-image.js'
import { built, compare, milliseconds, programMilliseconds, type Figure } from './support.js'

const entries = 200_000
const images = 40
const filesInFolder = 19

/** The search through 200,000 entries with 40 images among them, against `find` over the same tree. */
export async function benchDiscover(): Promise<Figure[]> {
  const { discover } = await built<typeof discoverModule>('lib/discover/discover.js')
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'lbackup-filevault-bench-'))
  try {
    writeTree(folder)
    const options = { roots: [fromText(folder)], never: [], everyFile: false, knownPaths: [] }
    const limits = { maxDepth: 32, maxEntries: 20_000_000, crossDevices: false }
    const subject = (): number =>
      milliseconds(() => {
        const found = discover({ ...options, ...limits }).images.length
        if (found !== images) throw new Error(`found ${String(found)} images`)
      })
    const reference = (): number => programMilliseconds('find', [folder])
    return [
      await compare({ work: 'discover, 200,000 entries, 40 images', limit: 1.5, against: 'find', subject, reference }),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Forty homes, each with an image, folders of some twenty files, three and four deep. */
function writeTree(root: string): void {
  let made = 0
  for (let home = 0; home < images; home += 1) {
    const path = join(root, `user${String(home)}`)
    mkdirSync(path)
    if (home % 2 === 0) writeSparseBundle(join(path, `user${String(home)}.sparsebundle`), { seed: String(home) })
    else writeSparseImage(join(path, `user${String(home)}.sparseimage`), { seed: String(home) })
    made += home % 2 === 0 ? 6 : 2
  }
  for (let folder = 0; made < entries; folder += 1) {
    const path = join(
      root,
      `user${String(folder % images)}`,
      `Folder ${String(Math.floor(folder / images) % 25)}`,
      `Part ${String(folder)}`,
    )
    mkdirSync(path, { recursive: true })
    for (let file = 0; file < filesInFolder; file += 1) writeFileSync(join(path, `Document ${String(file)}.txt`), '')
    made += filesInFolder + 1
  }
}
