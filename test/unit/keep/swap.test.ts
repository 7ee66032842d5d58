import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { buildImage } from '../../../lib/keep/build-image.js'
import { recoverWork } from '../../../lib/keep/recover.js'
import { swapIn } from '../../../lib/keep/swap.js'
import { finishWork, openWork } from '../../../lib/keep/work-folder.js'
import { readSections, section, type Section } from '../../../lib/lbackup/sections.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'

const name = fromText('bob.sparsebundle')
const copyPath = fromText('source/bob/bob.sparsebundle')

interface Disk {
  readonly folder: string
  readonly destination: string
  readonly image: string
  readonly older: string
  zero(): Section
}

/** A destination with two sections, each with a copy of bob's image of its own. */
function disk(): Disk {
  const folder = temporaryFolder()
  const destination = join(folder, 'destination')
  const images = [0, 1].map((number) => join(destination, `Section.${String(number)}`, 'source/bob/bob.sparsebundle'))
  images.forEach((path, number) => {
    mkdirSync(join(path, '..'), { recursive: true })
    writeSparseBundle(path, { seed: String(number), bands: [{ index: 0, length: 4096 }] })
  })
  mkdirSync(join(destination, '.lbackup-filevault'), { mode: 0o700 })
  const [image = '', older = ''] = images
  return {
    folder,
    destination,
    image,
    older,
    zero: () => section(readSections(fromText(destination)), 0) as Section,
  }
}

const band = (image: string): string => readFileSync(join(image, 'bands/0'), 'hex')
const tree = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()

function built({ destination, older }: Disk, runId = 'run-1') {
  const work = openWork(fromText(destination), runId, 'bob')
  buildImage({ from: fromText(older), container: 'sparse-bundle', into: work.built, name, how: 'link' })
  return work
}

describe('swapping an image in a section', () => {
  it('links the members of another copy, with owner, mode and times, and moves the old one out', () => {
    const lab = disk()
    const wanted = band(lab.older)
    const work = built(lab)
    expect(swapIn({ work, section: lab.zero(), copyPath, name })).to.deep.equal({ replaced: true })
    expect(band(lab.image)).to.equal(wanted)
    expect(lstatSync(join(lab.image, 'bands/0')).ino).to.equal(lstatSync(join(lab.older, 'bands/0')).ino)
    for (const path of ['', 'bands']) {
      const [one, other] = [statSync(join(lab.image, path)), statSync(join(lab.older, path))]
      expect([one.mode, one.uid, Math.floor(one.mtimeMs)]).to.deep.equal([
        other.mode,
        other.uid,
        Math.floor(other.mtimeMs),
      ])
    }
    expect(tree(work.old.path)).to.include('bob.sparsebundle/token')
    finishWork(work, fromText(lab.destination))
    expect(readdirSync(join(lab.destination, '.lbackup-filevault/work'))).to.deep.equal([])
  })

  it('takes no link', () => {
    const lab = disk()
    rmSync(join(lab.older, 'token'))
    symlinkSync('/etc/passwd', join(lab.older, 'token'))
    const work = built(lab)
    expect(tree(work.built.path)).not.to.include('bob.sparsebundle/token')
    finishWork(work, fromText(lab.destination))
  })

  it('makes the folders on the way where there are none', () => {
    const lab = disk()
    rmSync(join(lab.destination, 'Section.0/source'), { recursive: true })
    const work = built(lab)
    expect(swapIn({ work, section: lab.zero(), copyPath, name })).to.deep.equal({ replaced: false })
    expect(band(lab.image)).to.equal(band(lab.older))
    finishWork(work, fromText(lab.destination))
  })

  it('follows no link on the way, and leaves the place as it was', () => {
    const lab = disk()
    const outside = join(lab.folder, 'outside')
    renameSync(join(lab.destination, 'Section.0/source/bob'), outside)
    symlinkSync(outside, join(lab.destination, 'Section.0/source/bob'))
    const before = tree(outside)
    const work = built(lab)
    expect(() => swapIn({ work, section: lab.zero(), copyPath, name })).to.throw(OperationalError)
    expect(tree(outside)).to.deep.equal(before)
    finishWork(work, fromText(lab.destination))
  })

  describe('is put right after a kill', () => {
    const recover = (lab: Disk): unknown[] =>
      recoverWork(fromText(lab.destination), readSections(fromText(lab.destination))).map(({ done }) => done)

    /** As a kill leaves it: the swap done, then taken back to a moment in its middle. */
    function killed(moment: 'before' | 'between' | 'between, unbuilt' | 'after'): Disk {
      const lab = disk()
      const work = built(lab)
      swapIn({ work, section: lab.zero(), copyPath, name })
      if (moment !== 'after') renameSync(lab.image, join(work.built.path, name))
      if (moment === 'before') renameSync(join(work.old.path, name), lab.image)
      if (moment === 'between, unbuilt') rmSync(join(work.built.path, name), { recursive: true })
      return lab
    }

    it('before anything was moved', () => {
      const lab = killed('before')
      const old = band(lab.image)
      expect(recover(lab)).to.deep.equal([])
      expect(band(lab.image)).to.equal(old)
    })

    it('between the two renames: the new image gets its place', () => {
      const lab = killed('between')
      expect(recover(lab)).to.deep.equal(['finished'])
      expect(band(lab.image)).to.equal(band(lab.older))
    })

    it('between them with the new image lost: the old one comes back', () => {
      const lab = killed('between, unbuilt')
      expect(recover(lab)).to.deep.equal(['put-back'])
      expect(band(lab.image)).not.to.equal(band(lab.older))
    })

    it('after both', () => {
      const lab = killed('after')
      expect(recover(lab)).to.deep.equal([])
      expect(band(lab.image)).to.equal(band(lab.older))
    })

    it('with its section gone: the old image is saved', () => {
      const lab = killed('between')
      rmSync(join(lab.destination, 'Section.0'), { recursive: true })
      expect(recover(lab)).to.deep.equal(['saved'])
      expect(tree(join(lab.destination, '.lbackup-filevault/kept'))).to.include(
        'bob/recovered-run-1/bob.sparsebundle/bands/0',
      )
    })
  })

  it('against a user who swaps the folders as fast as he can, root writes nowhere else', async function () {
    this.timeout(120_000)
    if (process.geteuid?.() !== 0) skip(this, 'only root can play root and a user')
    const lab = disk()
    for (const path of [lab.folder, lab.destination]) chmodSync(path, 0o755)
    const home = join(lab.destination, 'Section.0/source')
    const decoy = join(lab.folder, 'decoy')
    mkdirSync(join(decoy, 'bob'), { recursive: true })
    writeFileSync(join(decoy, 'bob/precious'), 'precious')
    chmodSync(decoy, 0o777)
    chmodSync(join(decoy, 'bob'), 0o777)
    for (const path of [home, join(home, 'bob')]) chownSync(path, 65_534, 65_534)
    const user = spawn(
      process.execPath,
      [
        '-e',
        `const fs = require('node:fs'); const [home, decoy] = process.argv.slice(1)
         process.stdout.write('racing')
         const quietly = (f) => { try { f() } catch {} }
         for (;;) {
           quietly(() => fs.renameSync(home + '/bob', home + '/away'))
           quietly(() => fs.symlinkSync(decoy + '/bob', home + '/bob'))
           quietly(() => fs.unlinkSync(home + '/bob'))
           quietly(() => fs.renameSync(home + '/away', home + '/bob'))
           quietly(() => fs.mkdirSync(home + '/bob/bob.sparsebundle'))
           quietly(() => fs.writeFileSync(home + '/bob/bob.sparsebundle/planted', ''))
         }`,
        home,
        decoy,
      ],
      { uid: 65_534, gid: 65_534, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    try {
      await once(user.stdout, 'data')
      let [swapped, refused] = [0, 0]
      // Who wins how often is for the machine to say: until either did often enough.
      for (let round = 0; round < 2000 || (round < 40_000 && Math.min(swapped, refused) <= 10); round += 1) {
        const work = openWork(fromText(lab.destination), 'race', 'bob')
        try {
          buildImage({ from: fromText(lab.older), container: 'sparse-bundle', into: work.built, name, how: 'link' })
          swapIn({ work, section: lab.zero(), copyPath, name })
          swapped += 1
        } catch (error) {
          if (!(error instanceof OperationalError)) throw error
          refused += 1
        } finally {
          finishWork(work, fromText(lab.destination))
        }
      }
      expect(swapped, 'rounds in which the swap came through').to.be.above(10)
      expect(refused, 'rounds in which it was refused').to.be.above(10)
    } finally {
      user.kill('SIGKILL')
      await once(user, 'exit')
    }
    expect(tree(decoy)).to.deep.equal(['bob', 'bob/precious'])
    expect(band(lab.older)).to.have.length(8192)
    expect(existsSync(join(lab.destination, 'Section.1/source/bob/bob.sparsebundle/token'))).to.be.true
  })
})
