import { statSync, utimesSync, writeFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { loopDisk, unmountLoopDisks } from '../support/loop-disk.js'
import { imageDigest } from '../support/mac/index.js'
import { skip } from '../support/skip.js'
import { temporaryFolder } from '../support/temporary.js'
import { night } from './support/night.js'
import { backupSet, bandOf, writeImage } from './support/set.js'

const tries = 12

/** All that a look at a file on a volume with whole seconds tells. */
const seen = (path: string): string => {
  const { ino, size, mtimeMs, ctimeMs } = statSync(path)
  return [ino, size, mtimeMs, ctimeMs].join(' ')
}

describe('an image on a volume that keeps whole seconds', function () {
  this.timeout(180_000)
  afterEach(unmountLoopDisks)

  it('rewritten twice within one second, before and after rsync read it, is never proven by its times', async function () {
    const folder = temporaryFolder()
    const disk = loopDisk(this, folder, { wholeSeconds: true })
    const set = backupSet({ folder, backupSource: disk.path })
    const { lab, stateFolder } = set
    const image = join(disk.path, 'bob/bob.sparsebundle')
    const copy = join(lab.destination, 'Section.0/ext4/bob/bob.sparsebundle')
    mkdirSync(join(disk.path, 'bob'))
    writeImage(image, 'bob')
    const band = bandOf(image, '3')
    // Times of its own, so that rsync copies it each night.
    const write = (count: number, text: string): void => {
      writeFileSync(band, Buffer.alloc(8192, `${text} ${String(count)} `), { flag: 'r+' })
      utimesSync(band, 1_700_000_000 + count * 100, 1_700_000_000 + count * 100)
    }
    await night('ours', lab, stateFolder)
    let met = false
    for (let count = 1; count <= tries && !met; count += 1) {
      const looks: string[] = []
      const step = (text: string) => () => {
        write(count, text)
        looks.push(seen(band))
      }
      const result = await night('ours', lab, stateFolder, {
        at: { 'before-rsync': step('first'), 'after-rsync': step('second') },
      })
      met = looks[0] === looks[1]
      const { verdict, reason } = result.image('bob.sparsebundle')
      if (verdict === 'proven' || verdict === 'complete') {
        expect(imageDigest(copy), reason).to.equal(imageDigest(image))
      }
      const next = await night('ours', lab, stateFolder)
      expect(next.image('bob.sparsebundle').verdict).to.equal('proven')
      expect(imageDigest(copy), 'the night after').to.equal(imageDigest(image))
    }
    if (!met) skip(this, 'no two writes fell into one second')
  })
})
