import { spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { readSections } from '../../../lib/lbackup/sections.js'
import { takeSeedsOut } from '../../../lib/seed/take-out.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { failing, killedAt, killing, needStrace, recording, stepsIn, type Step } from '../../support/fault/steps.js'
import { codeOf, contents } from '../keep/lab.js'
import { longAgo, seedLab, type SeedLab } from './lab.js'
import { movedTo, seed } from './seeding.js'

const program = fileURLToPath(new URL('seeding.ts', import.meta.url))

const section = ({ destination }: SeedLab, number = 0): string => join(destination, `Section.${String(number)}`)
const moved = (disk: SeedLab, number = 0): string => join(section(disk, number), movedTo)
const put = ({ destination, stateFolder }: SeedLab): boolean => seed(fromText(destination), fromText(stateFolder))
const takeOut = ({ destination }: SeedLab): string[] =>
  takeSeedsOut(fromText(destination), readSections(fromText(destination))).map(({ message }) => message)
const inSeeds = ({ destination }: SeedLab): string[] => {
  const folder = join(destination, '.lbackup-filevault/seeds')
  return existsSync(folder) ? readdirSync(folder) : []
}
const times = (disk: SeedLab): number[] => ['source', '.'].map((name) => statSync(join(section(disk), name)).mtimeMs)
const bandsOf = (image: string): number[] =>
  readdirSync(join(image, 'bands')).map((name) => lstatSync(join(image, 'bands', name)).ino)

describe('a seed', () => {
  it('is the very files of the copy, at tonight’s path, and leaves no trace when it is taken out', () => {
    const disk = seedLab()
    const before = contents(section(disk))
    expect(put(disk)).to.be.true
    expect(bandsOf(moved(disk))).to.deep.equal(bandsOf(disk.image))
    expect(statSync(join(section(disk), 'source')).mtimeMs).to.equal(longAgo * 1000)
    expect(takeOut(disk)).to.deep.equal([])
    expect(contents(section(disk))).to.deep.equal(before)
    expect(times(disk)).to.deep.equal([longAgo * 1000, longAgo * 1000])
    expect(inSeeds(disk)).to.deep.equal([])
  })

  it('leaves its folder the time that it had, be it an old one', () => {
    const { destination, stateFolder, image } = seedLab()
    const home = join(image, '..')
    utimesSync(home, longAgo, longAgo)
    const beside = fromText('source/bob/robert.sparsebundle')
    expect(seed(fromText(destination), fromText(stateFolder), beside)).to.be.true
    expect(existsSync(join(home, 'robert.sparsebundle'))).to.be.true
    expect(statSync(home).mtimeMs).to.equal(longAgo * 1000)
  })

  it('is taken out of its section after that was renamed, and goes with one that rotated away', () => {
    const disk = seedLab()
    const before = contents(section(disk))
    put(disk)
    rmSync(section(disk, 1), { recursive: true })
    renameSync(section(disk), section(disk, 1))
    mkdirSync(moved(disk), { recursive: true })
    expect(takeOut(disk)).to.deep.equal([])
    expect(contents(section(disk, 1))).to.deep.equal(before)
    expect(existsSync(moved(disk)), 'what rsync made').to.be.true

    const gone = seedLab()
    put(gone)
    rmSync(section(gone), { recursive: true })
    expect(takeOut(gone)).to.deep.equal([])
    expect(inSeeds(gone)).to.deep.equal([])
  })

  it('is not made where something stands, be it a link, nor where a link is on the way', () => {
    const disk = seedLab()
    mkdirSync(join(moved(disk), '..'), { recursive: true })
    symlinkSync('/etc', moved(disk))
    expect(put(disk)).to.be.false
    expect(inSeeds(disk)).to.deep.equal([])
    rmSync(join(section(disk), 'source/.bob'), { recursive: true })
    const elsewhere = join(disk.folder, 'elsewhere')
    mkdirSync(elsewhere)
    symlinkSync(elsewhere, join(section(disk), 'source/.bob'))
    expect(codeOf(() => put(disk))).to.be.a('string')
    expect(readdirSync(elsewhere)).to.deep.equal([])
    expect(inSeeds(disk)).to.deep.equal([])
  })

  it('is not made of a copy that is not what its manifest says', () => {
    const disk = seedLab()
    const before = contents(join(section(disk), 'source/bob'))
    const band = join(disk.image, 'bands/1')
    writeFileSync(band, Buffer.alloc(8192, 'other'))
    expect(codeOf(() => put(disk))).to.equal('copy-changed')
    expect(existsSync(join(section(disk), 'source/.bob'))).to.be.false
    expect(Object.keys(contents(join(section(disk), 'source/bob')))).to.deep.equal(Object.keys(before))
    expect(inSeeds(disk)).to.deep.equal([])
  })

  it('leaves alone what somebody put in its place, or beside it', () => {
    const disk = seedLab()
    put(disk)
    rmSync(moved(disk), { recursive: true })
    mkdirSync(moved(disk))
    writeFileSync(join(moved(disk), 'note'), 'of a user')
    expect(takeOut(disk)).to.deep.equal([])
    expect(readdirSync(moved(disk))).to.deep.equal(['note'])

    const other = seedLab()
    put(other)
    writeFileSync(join(moved(other), '../note'), 'of a user')
    expect(takeOut(other)).to.deep.equal([])
    expect(readdirSync(join(moved(other), '..'))).to.deep.equal(['note'])
  })

  it('that a link keeps from being taken out is told, and taken out when the way is free', () => {
    const disk = seedLab()
    put(disk)
    const hidden = join(section(disk), 'source/.bob')
    renameSync(hidden, `${hidden}-moved`)
    symlinkSync(`${hidden}-moved`, hidden)
    expect(takeOut(disk)).to.have.length(1)
    expect(existsSync(join(`${hidden}-moved`, 'deep/bob.sparsebundle'))).to.be.true
    rmSync(hidden)
    renameSync(`${hidden}-moved`, hidden)
    expect(takeOut(disk)).to.deep.equal([])
    expect(existsSync(hidden)).to.be.false
    expect(inSeeds(disk)).to.deep.equal([])
  })

  it('whose note is spoilt is told with what to do, and stays; one that never came into a section goes', () => {
    const disk = seedLab()
    put(disk)
    const note = join(disk.destination, '.lbackup-filevault/seeds/run-1/bob-1/seed.json')
    for (const spoilt of ['', '{"schema":"seed/1"', 'null', '{"schema":"seed/2"}', ' '.repeat(2 * 1024 * 1024)]) {
      writeFileSync(note, spoilt)
      expect(takeOut(disk).join()).to.match(/seed\.json cannot be used, so it is not known where/)
      expect(bandsOf(moved(disk)), 'the seed').to.deep.equal(bandsOf(disk.image))
    }
    // As a kill leaves it that came while the note was written.
    renameSync(moved(disk), join(note, '../new/bob.sparsebundle'))
    expect(takeOut(disk)).to.deep.equal([])
    expect(inSeeds(disk)).to.deep.equal([])
  })

  it('that would lie deeper than can be noted is not made', () => {
    const disk = seedLab()
    const before = contents(section(disk))
    const deep = fromText(`source/${'d/'.repeat(2000)}bob.sparsebundle`)
    expect(codeOf(() => seed(fromText(disk.destination), fromText(disk.stateFolder), deep))).to.equal('path-too-deep')
    expect(contents(section(disk))).to.deep.equal(before)
    expect(inSeeds(disk)).to.deep.equal([])
  })
})

describe('a seed, killed at whatever step or on a full disk', function () {
  this.timeout(300_000)
  before(function () {
    needStrace(this)
  })

  /** Puts it in and takes it out in another process, as strace is told. */
  function bothWays({ destination, stateFolder }: SeedLab, strace: string): { code: string; errors: string } {
    const { stdout, stderr } = spawnSync(
      'sh',
      [
        '-c',
        `node='${process.execPath}'; ${strace}`,
        'sh',
        '--import',
        'tsx',
        program,
        destination,
        stateFolder,
        'both',
      ],
      { encoding: 'utf8' },
    )
    return { code: stdout, errors: stderr }
  }

  function steps(): Step[] {
    const disk = seedLab()
    const trace = join(disk.folder, 'trace')
    const { code, errors } = bothWays(disk, recording(trace))
    expect([code, errors]).to.deep.equal(['', ''])
    const all = stepsIn(trace, disk.folder).filter(
      ({ call, path }) => call !== 'write' && /^\/(HELD|destination)(\/|$)/.test(path),
    )
    expect(all.map(({ call }) => call)).to.include.members(['link', 'mkdir', 'rename', 'fsync', 'unlink', 'rmdir'])
    return all
  }

  it('stays, and is told, where the disk does not give back what was noted; the next run takes it out', () => {
    const disk = seedLab()
    const before = contents(section(disk))
    const note = join(disk.destination, '.lbackup-filevault/seeds/run-1/bob-1/seed.json')
    const broken = `exec strace -qq -o '${join(disk.folder, 'trace')}' -P '${note}' -e trace=read,pread64 -e inject=read,pread64:error=EIO "$node" "$@"`
    expect(bothWays(disk, broken)).to.deep.equal({ code: 'disk-error', errors: '' })
    expect(bandsOf(moved(disk))).to.deep.equal(bandsOf(disk.image))
    expect(takeOut(disk)).to.deep.equal([])
    expect(contents(section(disk))).to.deep.equal(before)
    expect(inSeeds(disk)).to.deep.equal([])
  })

  it('leaves a section that is as it was after the next run has looked', () => {
    for (const step of steps()) {
      const disk = seedLab()
      const [before, trace] = [contents(section(disk)), join(disk.folder, 'trace')]
      const { errors } = bothWays(disk, killing(trace, step))
      const what = `after a kill at ${step.call} ${step.path} ${errors}`
      expect(killedAt(trace, disk.folder)?.call, what).to.equal(step.call)
      expect(takeOut(disk), what).to.deep.equal([])
      expect(contents(section(disk)), what).to.deep.equal(before)
      expect(inSeeds(disk), what).to.deep.equal([])
    }
  })

  it('leaves a section that is as it was where there is no room', () => {
    for (const step of steps()) {
      if (!['link', 'mkdir', 'rename', 'fsync'].includes(step.call)) continue
      const disk = seedLab()
      const [before, trace] = [contents(section(disk)), join(disk.folder, 'trace')]
      const { errors } = bothWays(disk, failing(trace, step, 'ENOSPC'))
      const what = `where there is no room for ${step.call} ${step.path}: ${errors}`
      expect(errors, what).to.equal('')
      expect(takeOut(disk), what).to.deep.equal([])
      expect(contents(section(disk)), what).to.deep.equal(before)
      expect(inSeeds(disk), what).to.deep.equal([])
    }
  })
})
