import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { loopDisk, unmountLoopDisks } from '../support/loop-disk.js'
import { imageDigest } from '../support/mac/index.js'
import { skip } from '../support/skip.js'
import { temporaryFolder } from '../support/temporary.js'
import { night } from './support/night.js'
import { backupSet, bandOf, writeImage } from './support/set.js'

const tries = 8
const time = 1_650_000_000

/** Of each band ever seen in a folder, what a record tells of it, with its bytes. */
class Records {
  private readonly known = new Map<string, string>()

  /** Notes all bands of an image; returns whether one repeats the record of other bytes. */
  note(image: string): boolean {
    let repeated = false
    for (const name of readdirSync(join(image, 'bands'))) {
      const path = bandOf(image, name)
      const { ino, size, mtimeMs } = statSync(path)
      const record = [ino, size, mtimeMs].join(' ')
      const bytes = createHash('sha256').update(readFileSync(path)).digest('hex')
      repeated ||= (this.known.get(record) ?? bytes) !== bytes
      this.known.set(record, bytes)
    }
    return repeated
  }
}

describe('bands whose inodes were those of other bands', function () {
  this.timeout(180_000)
  afterEach(unmountLoopDisks)

  it('vouch for nothing, in the image or in its copies', async function () {
    const folder = temporaryFolder()
    const disk = loopDisk(this, folder, { journal: true })
    const [source, destination] = ['source', 'destination'].map((name) => join(disk.path, name)) as [string, string]
    for (const made of [source, destination]) mkdirSync(made)
    const set = backupSet({ folder, backupSource: source, backupDest: destination, settings: { numRotations: '1' } })
    const { lab, stateFolder } = set
    const image = join(source, 'bob/bob.sparsebundle')
    const copy = join(destination, 'Section.0/source/bob/bob.sparsebundle')
    mkdirSync(join(source, 'bob'))
    writeImage(image, 'bob')
    const [sources, copies] = [new Records(), new Records()]
    const met = { source: false, copy: false }
    for (let count = 1; count <= tries && !(met.source && met.copy && count > 3); count += 1) {
      // All bands go, and come again, now and then in another order, each with the size and time that all have.
      for (const name of readdirSync(join(image, 'bands'))) rmSync(bandOf(image, name))
      for (const name of count % 4 < 2 ? ['4', '3', '2', '1', '0'] : ['2', '0', '1', '4', '3']) {
        writeFileSync(bandOf(image, name), Buffer.alloc(8192, `${name} of night ${String(count)} `))
        utimesSync(bandOf(image, name), time, time)
      }
      met.source = sources.note(image) || met.source
      const { image: judged } = await night('ours', lab, stateFolder)
      const { verdict, reason } = judged('bob.sparsebundle')
      expect(verdict, `night ${String(count)}: ${reason}`).to.equal('proven')
      expect(imageDigest(copy), `night ${String(count)}: ${reason}`).to.equal(imageDigest(image))
      met.copy = copies.note(copy) || met.copy
    }
    if (!met.source || !met.copy) skip(this, 'no inode was given again with the size and time of another band')
  })
})
