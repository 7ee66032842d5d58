import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { backupSource } from '../../../lib/lbackup/backup-source.js'
import { nameInSection, pathInSection, pathInSource, transferPath } from '../../../lib/lbackup/path-mapping.js'
import { readSections, sectionZeroChange, sectionZeroIsNew, type Sections } from '../../../lib/lbackup/sections.js'
import { names, withFolder } from '../../../lib/system/folder.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

describe('sections', () => {
  it('are read with their kinds, holes and the one in progress', () => {
    const folder = temporaryFolder()
    for (const name of ['Section.0', 'Section.10', 'Section.inprogress', 'Section.02', 'Section.', 'section.1']) {
      mkdirSync(join(folder, name))
    }
    symlinkSync('/nowhere', join(folder, 'Section.2'))
    writeFileSync(join(folder, 'Section.3'), '')
    const found = readSections(fromText(folder))
    expect(found.sections.map(({ number, kind }) => [number, kind])).to.deep.equal([
      [0, 'folder'],
      [2, 'link'],
      [3, 'file'],
      [10, 'folder'],
    ])
    expect(found.inProgress).to.equal(true)
    expect(found.holes).to.deep.equal([1, 4, 5, 6, 7, 8, 9])
    expect(readSections(fromText(join(folder, 'none')))).to.deep.equal({ sections: [], inProgress: false, holes: [] })
  })
  it('survive a stray number without a long list of holes', () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'Section.999999999'))
    expect(readSections(fromText(folder)).holes).to.have.length(1000)
  })
  it('are named by their real paths where backupDest leads through a link, so that they can be opened', () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'disk/set/Section.0/source'), { recursive: true })
    symlinkSync('disk/set', join(folder, 'link'))
    symlinkSync(join(folder, 'disk'), join(folder, 'above'))
    for (const written of ['link', 'above/set', 'disk/set']) {
      const path = readSections(fromText(join(folder, written))).sections[0]?.path ?? fromText('')
      expect(path, written).to.equal(join(folder, 'disk/set/Section.0'))
      expect(withFolder(path, names)).to.deep.equal(['source'])
    }
  })
  it('tell a new Section.0 by real renames', () => {
    const folder = temporaryFolder()
    const now = (): Sections => readSections(fromText(folder))
    const rotate = (): void => {
      mkdirSync(join(folder, 'Section.inprogress'))
      if (existsSync(join(folder, 'Section.0'))) renameSync(join(folder, 'Section.0'), join(folder, 'Section.1'))
      renameSync(join(folder, 'Section.inprogress'), join(folder, 'Section.0'))
    }
    expect(sectionZeroChange(undefined, now(), 3)).to.equal('absent')
    rotate()
    expect(sectionZeroChange(undefined, now(), 3)).to.equal('new')
    const recorded = now().sections[0]
    expect(sectionZeroIsNew(recorded, now(), 3)).to.equal(false)
    rotate()
    expect(sectionZeroChange(recorded, now(), 3)).to.equal('new')
    expect(sectionZeroIsNew(recorded, now(), 3)).to.equal(true)
  })
  it('with one rotation only the inode tells; with more the old one must be Section.1', () => {
    const sections = (...inodes: number[]): Sections => ({
      sections: inodes.map((inode, number) => ({ number, inode, kind: 'folder', path: fromText('/') })),
      inProgress: false,
      holes: [],
    })
    expect(sectionZeroChange({ inode: 5 }, sections(6), 1)).to.equal('new')
    expect(sectionZeroChange({ inode: 5 }, sections(6), 2)).to.equal('unexpected')
    expect(sectionZeroChange({ inode: 5 }, sections(6, 7, 5), 3)).to.equal('unexpected')
    expect(sectionZeroChange({ inode: 5 }, sections(6, 5), 3)).to.equal('new')
  })
})

describe('paths in a section', () => {
  const section = fromText('/d/Section.0')
  it('are where rsync puts them, with and without a trailing slash, for folders and for one file', () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'src/a'), { recursive: true })
    writeFileSync(join(folder, 'src/a/f'), '')
    for (const [index, written] of ['src', 'src/', 'src/.', 'src//', 'src/a/f'].entries()) {
      const zero = join(folder, `Section.${String(index)}`)
      execFileSync('/usr/bin/rsync', ['-a', join(folder, '/') + written, zero])
      const kind = written === 'src/a/f' ? 'file' : 'folder'
      const source = backupSource(fromText(join(folder, '/') + written))
      const file = fromText(join(folder, 'src/a/f'))
      const copy = pathInSection(source, file, fromText(zero), kind)
      expect(copy, written).to.be.a('string')
      expect(existsSync(copy as string), `${written}: ${String(copy)}`).to.equal(true)
      expect(pathInSource(source, copy ?? file, fromText(zero), kind)).to.equal(file)
    }
  })
  it('know what is outside', () => {
    const source = backupSource(fromText('/data/src'))
    expect(pathInSection(source, fromText('/data/srcx'), section)).to.equal(undefined)
    expect(pathInSource(source, fromText('/d/Section.0/other'), section)).to.equal(undefined)
    expect(pathInSource(source, fromText('/d/Section.01/src'), section)).to.equal(undefined)
    expect(pathInSection(source, fromText('/data/src/x'), section, 'file')).to.equal(undefined)
    expect(nameInSection(source)).to.equal('src')
    expect(nameInSection(backupSource(fromText('/data/src/')))).to.equal(undefined)
  })
  it('are anchored at the transfer root', () => {
    expect(transferPath(backupSource(fromText('/data/src')), fromText('/data/src/docs'))).to.equal('/src/docs')
    expect(transferPath(backupSource(fromText('/data/src/')), fromText('/data/src/docs'))).to.equal('/docs')
    expect(transferPath(backupSource(fromText('/data/src/')), fromText('/data/src'))).to.equal('/')
    expect(transferPath(backupSource(fromText('/')), fromText('/Users/bob'))).to.equal('/Users/bob')
    expect(transferPath(backupSource(fromText('/src')), fromText('/src/x/'))).to.equal('/src/x')
  })
  it('go there and back', () => {
    const name = fc.stringMatching(/^[a-c]{1,2}$/)
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => fromText(`/${names.join('/')}`))
    fc.assert(
      fc.property(path, fc.constantFrom('', '/'), path, (root, slash, below) => {
        const source = backupSource(fromText(root + slash))
        const original = fromText(root + below)
        const copy = pathInSection(source, original, section)
        expect(copy).to.be.a('string')
        expect(pathInSource(source, copy ?? original, section)).to.equal(original)
      }),
    )
  })
})
