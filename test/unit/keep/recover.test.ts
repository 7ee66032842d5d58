import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { CopyLabel } from '../../../lib/generated/copy.js'
import { recoverWork, type Recovery } from '../../../lib/keep/recover.js'
import { swapIn } from '../../../lib/keep/swap.js'
import { finishWork, type Work } from '../../../lib/keep/work-folder.js'
import { readSections } from '../../../lib/lbackup/sections.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'
import { builtWork, codeOf, contents, copyPath, lab, name, type Lab } from './lab.js'

const recover = ({ destination }: Lab): Recovery[] =>
  recoverWork(fromText(destination), readSections(fromText(destination)))

/** Deeper than anything is removed. */
function makeDeep(folder: string): void {
  mkdirSync(join(folder, 'd/'.repeat(300)), { recursive: true })
}

describe('work of a run that died', () => {
  let disk: Lab
  beforeEach(() => {
    disk = lab(temporaryFolder())
  })

  /** As a kill between the two renames leaves it. */
  function killedBetween(): Record<string, string> {
    const old = contents(disk.image)
    const work = builtWork(disk)
    swapIn({ work, section: disk.zero(), copyPath, name })
    renameSync(disk.image, join(work.built.path, name))
    return old
  }

  it('costs no image where somebody put another thing at its place meanwhile', () => {
    const old = killedBetween()
    mkdirSync(disk.image)
    writeFileSync(join(disk.image, 'planted'), '')
    expect(recover(disk).map(({ done }) => done)).to.deep.equal(['saved'])
    expect(contents(join(disk.kept, 'recovered-run-1/bob.sparsebundle'))).to.deep.equal(old)
    expect(Object.keys(contents(disk.image))).to.deep.equal(['planted'])
  })

  it('is not put through a link, and costs no image then', () => {
    const old = killedBetween()
    const [home, outside] = [join(disk.image, '..'), join(disk.destination, '../outside')]
    mkdirSync(outside)
    rmSync(home, { recursive: true })
    symlinkSync(outside, home)
    expect(recover(disk).map(({ done }) => done)).to.deep.equal(['saved'])
    expect(contents(outside)).to.deep.equal({})
    expect(contents(join(disk.kept, 'recovered-run-1/bob.sparsebundle'))).to.deep.equal(old)
  })

  it('saves each of two images of one slot', () => {
    for (const round of ['recovered-run-1', 'recovered-run-1-2']) {
      const old = killedBetween()
      mkdirSync(disk.image)
      expect(recover(disk).map(({ done }) => done)).to.deep.equal(['saved'])
      expect(contents(join(disk.kept, round, name))).to.deep.equal(old)
    }
  })

  it('keeps no later run from its work where it cannot be removed, and is told', () => {
    const work = builtWork(disk)
    swapIn({ work, section: disk.zero(), copyPath, name })
    makeDeep(join(work.old.path, name))
    const good = contents(disk.image)
    // The swap is done: nothing is thrown.
    finishWork(work, fromText(disk.destination))
    rmSync(disk.image, { recursive: true })
    for (let night = 0; night < 2; night += 1) {
      const [{ done, text } = { done: undefined, text: '' }, ...more] = recover(disk)
      expect([done, more]).to.deep.equal(['left', []])
      expect(text).to.match(/work\/run-1\/bob\/old\/bob\.sparsebundle\/d\/.*folders deep.*by hand/)
    }
    // Half removed, it would come back as if it were whole.
    expect(existsSync(disk.image)).to.be.false
    expect(good).to.deep.equal(contents(disk.older))
  })

  it('is left as it is where the disk does not tell what was to be done', () => {
    const old = killedBetween()
    const note = join(disk.destination, '.lbackup-filevault/work/run-1/bob/swap.json')
    renameSync(note, `${note}-aside`)
    mkdirSync(note)
    expect(codeOf(() => recover(disk))).to.equal('not-a-file')
    expect(contents(join(note, '../old', name))).to.deep.equal(old)
    rmSync(note, { recursive: true })
    renameSync(`${note}-aside`, note)
    expect(recover(disk).map(({ done }) => done)).to.deep.equal(['finished'])
  })

  it('costs no image where what was to be done is spoilt', () => {
    const spoilt = ['', '{"schema":"swap/1"', 'null', '{"schema":"swap/2"}', ' '.repeat(2 * 1024 * 1024)]
    spoilt.forEach((text, round) => {
      const old = killedBetween()
      writeFileSync(join(disk.destination, '.lbackup-filevault/work/run-1/bob/swap.json'), text)
      expect(recover(disk).map(({ done }) => done)).to.deep.equal(['saved'])
      const saved = `recovered-run-1${round === 0 ? '' : `-${String(round + 1)}`}`
      expect(contents(join(disk.kept, saved, name))).to.deep.equal(old)
      renameSync(join(disk.kept, saved, name), disk.image)
      mkdirSync(join(disk.kept, saved, name))
      expect(recover(disk)).to.deep.equal([])
    })
  })

  it('can be put right whatever is known of the new image, and is not begun where that is too much', () => {
    const label = (reason: string): CopyLabel => ({ slot: 'bob', reason }) as CopyLabel
    const swap = (work: Work, reason: string): unknown =>
      swapIn({ work, section: disk.zero(), copyPath, name, label: label(reason) })
    const work = builtWork(disk)
    swap(work, 'x'.repeat(200_000))
    renameSync(disk.image, join(work.built.path, name))
    expect(recover(disk).map(({ done }) => done)).to.deep.equal(['finished'])
    const before = contents(disk.image)
    expect(codeOf(() => swap(builtWork(disk), 'x'.repeat(2_000_000)))).to.equal('path-too-deep')
    expect(contents(disk.image)).to.deep.equal(before)
    expect(recover(disk)).to.deep.equal([])
  })

  it('leaves the folder of the place with its time, as that of a swap does', () => {
    const home = join(disk.image, '..')
    utimesSync(home, 1_600_000_000, 1_600_000_000.25)
    const work = builtWork(disk)
    swapIn({ work, section: disk.zero(), copyPath, name })
    expect(statSync(home).mtimeMs).to.equal(1_600_000_000_250)
    finishWork(work, fromText(disk.destination))
  })
})
