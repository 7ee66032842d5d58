import { fork } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { freezeImage, type FreezeOrder } from '../../../lib/staging/freeze-image.js'
import { makeFolderIn } from '../../../lib/system/folder-writes.js'
import { closeFolder, openFolder, type Folder } from '../../../lib/system/folder.js'
import { removeTreeIn } from '../../../lib/system/remove-tree.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { reflinkDisk, unmountReflinkDisks } from '../../support/reflink-disk.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'
import { owner, stagingLab, type StagingLab } from './lab.js'

// ROUNDS=100000 races for as long as it takes.
const rounds = Number(process.env['ROUNDS'] ?? 3000)
const racer = fileURLToPath(new URL('racer.ts', import.meta.url))
const secretText = 'secret of somebody else'

/** Everything below a folder that is no folder or file of the image's owner, or holds what is not the image's. */
function foreignIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const stats = lstatSync(join(folder, name))
    if (stats.isDirectory()) return stats.uid !== owner
    if (!stats.isFile() || stats.uid !== owner) return true
    return readFileSync(join(folder, name), 'latin1').includes(secretText)
  })
}

describe('an image whose user swaps everything in it', () => {
  let lab: StagingLab
  let staging: Folder
  afterEach(() => closeFolder(staging))
  afterEach(unmountReflinkDisks)

  for (const how of ['clone', 'hard-link'] as const) {
    it(`is frozen without anything that is not in it (${how})`, async function () {
      this.timeout(60_000 + rounds * 60)
      if (process.geteuid?.() !== 0) skip(this, 'only root can play root and a user')
      lab = stagingLab(reflinkDisk(this, temporaryFolder(), 'xfs'))
      const outside = join(lab.folder, 'outside')
      mkdirSync(join(outside, 'bands'), { recursive: true })
      for (const name of ['token', 'bands/0', 'bands/1']) writeFileSync(join(outside, name), secretText)
      staging = openFolder(fromText(lab.staging))
      const { path, inode } = lab.subject()
      const child = fork(racer, [lab.home, lab.image, outside], { execArgv: ['--import', 'tsx'] })
      const [whole, refused] = [new Set<number>(), new Map<string, number>()]
      try {
        await once(child, 'message')
        for (let round = 0; round < rounds; round += 1) {
          const into = makeFolderIn(staging, fromText('slot'))
          const order: FreezeOrder = {
            from: path,
            container: 'sparse-bundle',
            inode,
            into,
            name: fromText('bob.sparsebundle'),
            how,
            deadline: Infinity,
          }
          try {
            freezeImage(order)
            whole.add(round)
          } catch (error) {
            if (!(error instanceof OperationalError)) throw error
            refused.set(error.code, (refused.get(error.code) ?? 0) + 1)
          } finally {
            closeFolder(into)
          }
          // What is refused is removed by whoever asked; what it holds until then is never the secret under a user's name.
          if (whole.has(round)) expect(foreignIn(join(lab.staging, 'slot'))).to.deep.equal([])
          removeTreeIn(staging, fromText('slot'))
        }
      } finally {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      expect(readFileSync(join(outside, 'bands/0'), 'utf8')).to.equal(secretText)
      expect(whole.size, 'rounds in which it was frozen').to.be.above(0)
      expect(refused.size, 'rounds in which it was refused').to.be.above(0)
      expect(whole.size + [...refused.values()].reduce((sum, one) => sum + one, 0)).to.equal(rounds)
    })
  }
})
