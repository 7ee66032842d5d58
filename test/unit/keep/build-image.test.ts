import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { buildImage, type BuildOrder, type BuiltImage } from '../../../lib/keep/build-image.js'
import { carried } from '../../../lib/keep/carried.js'
import { closeFolder, openFolder, type Folder } from '../../../lib/system/folder.js'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { writeSparseImage } from '../../support/image-writer/sparse-image.js'
import { reflinkDisk, unmountReflinkDisks } from '../../support/reflink-disk.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'
import { manifestOf, rows } from '../manifest/support.js'
import { codeOf, contents, name } from './lab.js'

const bands = [0, 1, 2, 10].map((index) => ({ index, length: 5000 + index }))
const hex = (index: number): string => index.toString(16)
const raw = (path: string): RawPath => path as RawPath
const inode = (path: string): number => lstatSync(path).ino
const inodes = (folder: string): number[] => readdirSync(folder).map((one) => inode(join(folder, one)))

/** A bundle with members of different owners, modes and times. */
function bundle(path: string): string {
  writeSparseBundle(path, { bands, mapped: true, lock: true })
  readdirSync(join(path, 'bands')).forEach((band, at) => {
    chmodSync(join(path, 'bands', band), 0o600 + at)
    if (process.geteuid?.() === 0) chownSync(join(path, 'bands', band), 501, 20 + at)
    utimesSync(join(path, 'bands', band), 1_600_000_000, 1_600_000_000.123456 + at)
  })
  // Times that are the same however they are rounded.
  for (const member of ['Info.plist', 'Info.bckup', 'token', 'lock'])
    utimesSync(join(path, member), 1_600_000_000, 1_600_000_000)
  for (const map of readdirSync(join(path, 'mapped')))
    utimesSync(join(path, 'mapped', map), 1_600_000_000, 1_600_000_000)
  for (const folder of ['bands', 'mapped', '']) {
    chmodSync(join(path, folder), 0o711)
    utimesSync(join(path, folder), 1_500_000_000, 1_500_000_000.654321)
  }
  return path
}

describe('building an image', () => {
  let root: string
  let into: Folder
  let target: string
  beforeEach(() => {
    root = temporaryFolder()
    hold(join(root, 'work'))
  })
  afterEach(() => {
    closeFolder(into)
    unmountReflinkDisks()
  })

  function hold(folder: string): void {
    mkdirSync(folder)
    into = openFolder(fromText(folder))
    target = join(folder, name)
  }
  const build = (from: string, order: Partial<BuildOrder> = {}): BuiltImage =>
    buildImage({ from: fromText(from), container: 'sparse-bundle', into, name, how: 'link', ...order })

  it('links every member, and is taken by the next rsync for the copy itself', () => {
    const [source, copy] = [bundle(join(root, 'source')), join(root, 'copy')]
    execFileSync('rsync', ['-a', `${source}/`, copy])
    const before = contents(copy)
    expect(build(copy)).to.deep.equal({ shared: true, copiedBytes: 0 })
    expect(contents(target)).to.deep.equal(before)
    expect(inodes(join(target, 'bands'))).to.deep.equal(inodes(join(copy, 'bands')))
    expect(execFileSync('rsync', ['-ani', '--delete', `${source}/`, `${target}/`], { encoding: 'utf8' })).to.equal('')
    expect(contents(copy)).to.deep.equal(before)
  })

  it('copies wrong and missing members anew, leaves extra ones out, and writes into no file that is shared', () => {
    const source = bundle(join(root, 'source'))
    const [copy, older] = [join(root, 'copy'), join(root, 'older')]
    execFileSync('rsync', ['-a', `${source}/`, copy])
    writeFileSync(join(copy, 'bands/1'), 'wrong')
    rmSync(join(copy, 'mapped'), { recursive: true })
    writeFileSync(join(copy, 'bands/7'), 'extra')
    utimesSync(copy, 1_500_000_000, 1_500_000_000.654321)
    execFileSync('cp', ['-al', copy, older])
    const before = contents(older)
    const members = ['bands/1', ...readdirSync(join(source, 'mapped')).map((one) => `mapped/${one}`)].map(raw)
    const { copiedBytes } = build(copy, {
      leaveOut: new Set([raw('bands/7')]),
      replace: { source: fromText(source), members },
    })
    expect(copiedBytes).to.equal(members.reduce((sum, one) => sum + lstatSync(join(source, one)).size, 0))
    expect(contents(target)).to.deep.equal(contents(source))
    expect(execFileSync('rsync', ['-ani', '--delete', `${source}/`, `${target}/`], { encoding: 'utf8' })).to.equal('')
    // The next night stores nothing again.
    const next = join(root, 'next')
    execFileSync('rsync', ['-a', `--link-dest=${target}`, `${source}/`, next])
    expect(inodes(join(next, 'bands'))).to.deep.equal(inodes(join(target, 'bands')))
    expect(contents(older)).to.deep.equal(before)
    expect(contents(copy)).to.deep.equal(before)
  })

  it('names the member that is gone from the source, and stops when the time is over', () => {
    const source = bundle(join(root, 'source'))
    const replace = { source: fromText(source), members: [raw('bands/2')] }
    expect(codeOf(() => build(source, { replace, deadline: Date.now() - 1 }))).to.equal('copy-overdue')
    rmSync(target, { recursive: true })
    renameSync(join(source, 'bands/2'), join(root, 'away'))
    expect(() => build(source, { replace })).to.throw(/source\/bands\/2 is not there/)
  })

  it('takes no link, FIFO or device', function () {
    const copy = bundle(join(root, 'copy'))
    symlinkSync('/etc/passwd', join(copy, 'bands/3'))
    symlinkSync('/etc', join(copy, 'folder'))
    execFileSync('mkfifo', [join(copy, 'bands/4')])
    build(copy)
    expect(readdirSync(join(target, 'bands')).sort()).to.deep.equal(['0', '1', '2', 'a'])
    expect(readdirSync(target)).not.to.include('folder')
  })

  describe('only what a manifest vouches for', () => {
    const changes: [string, (copy: string) => void][] = [
      ['a member of another size', (copy) => truncateSync(join(copy, 'bands/1'), 10)],
      ['a member of another time', (copy) => utimesSync(join(copy, 'bands/1'), 1_600_000_000, 1_600_000_009)],
      [
        'another file of the same size and time',
        (copy) => {
          const { mtimeMs } = lstatSync(join(copy, 'bands/1'))
          renameSync(join(copy, 'bands/1'), join(copy, '../away'))
          writeFileSync(join(copy, 'bands/1'), Buffer.alloc(5001, 'x'))
          utimesSync(join(copy, 'bands/1'), mtimeMs / 1000, mtimeMs / 1000)
        },
      ],
      ['a member that is gone', (copy) => rmSync(join(copy, 'bands/1'))],
    ]
    for (const [what, change] of changes) {
      it(`takes no copy with ${what}`, () => {
        const copy = bundle(join(root, 'copy'))
        const only = manifestOf(copy)
        change(copy)
        expect(codeOf(() => build(copy, { only }))).to.equal('copy-changed')
      })
    }

    it('takes no copy of many members of which one is another file', () => {
      const copy = bundle(join(root, 'copy'))
      for (let index = 11; index <= 20_100; index += 1) linkSync(join(copy, 'bands/1'), join(copy, 'bands', hex(index)))
      const only = manifestOf(copy)
      expect(build(copy, { only }).shared).to.be.true
      expect(readdirSync(join(target, 'bands')).sort()).to.deep.equal(readdirSync(join(copy, 'bands')).sort())
      rmSync(target, { recursive: true })
      rmSync(join(copy, 'bands', hex(20_100)))
      execFileSync('cp', ['-p', join(copy, 'bands/1'), join(copy, 'bands', hex(20_100))])
      expect(codeOf(() => build(copy, { only }))).to.equal('copy-changed')
    })

    it('leaves out what was put there since, whatever it is', () => {
      const copy = bundle(join(root, 'copy'))
      const only = manifestOf(copy)
      const before = contents(copy)
      writeFileSync(join(copy, 'bands/3'), '')
      linkSync(join(copy, 'bands/1'), join(copy, 'bands/4'))
      linkSync(join(copy, 'bands/1'), join(copy, '.DS_Store'))
      mkdirSync(join(copy, 'folder'))
      writeFileSync(join(copy, 'folder/1'), '')
      build(copy, { only })
      expect(contents(target)).to.deep.equal(before)
    })

    it('takes one that is as it was', () => {
      const copy = bundle(join(root, 'copy'))
      const only = manifestOf(copy)
      expect(build(copy, { only }).shared).to.be.true
      expect(rows(carried(only, fromText(target), 'sparse-bundle'))).to.deep.equal(rows(only))
    })
  })

  it('clones where the file system can: later writes change the other one no more', function () {
    if (process.geteuid?.() !== 0) skip(this, 'only root gives files away')
    const disk = reflinkDisk(this, root)
    closeFolder(into)
    hold(join(disk, 'work'))
    const copy = bundle(join(disk, 'copy'))
    const only = manifestOf(copy)
    expect(build(copy, { how: 'clone-or-link', only })).to.deep.equal({ shared: false, copiedBytes: 0 })
    const kept = contents(target)
    expect(kept).to.deep.equal(contents(copy))
    expect(execFileSync('rsync', ['-ani', '--delete', `${copy}/`, `${target}/`], { encoding: 'utf8' })).to.equal('')
    writeFileSync(join(copy, 'bands/1'), 'overwritten', { flag: 'r+' })
    expect(contents(target)).to.deep.equal(kept)
  })

  it('links where it cannot clone, and says so', () => {
    const copy = bundle(join(root, 'copy'))
    const { shared } = build(copy, { how: 'clone-or-link' })
    // A temporary folder may lie on a file system that clones.
    expect(shared).to.equal(inode(join(copy, 'bands/1')) === inode(join(target, 'bands/1')))
    expect(contents(target)).to.deep.equal(contents(copy))
  })

  it('builds a sparse image, linked or copied anew', () => {
    const [source, copy] = [join(root, 'source.sparseimage'), join(root, 'copy.sparseimage')]
    writeSparseImage(source)
    utimesSync(source, 1_600_000_000, 1_600_000_000.25)
    writeFileSync(copy, 'wrong')
    const order = { container: 'sparse-image' as const }
    build(copy, order)
    expect(inode(target)).to.equal(inode(copy))
    rmSync(target)
    const { copiedBytes } = build(copy, { ...order, replace: { source: fromText(source), members: [raw(name)] } })
    expect(readFileSync(target).equals(readFileSync(source))).to.be.true
    expect([lstatSync(target).mtimeMs, copiedBytes]).to.deep.equal([1_600_000_000_250, lstatSync(source).size])
    expect(readFileSync(copy, 'utf8')).to.equal('wrong')
  })
})
