import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { systemCode } from '../../../lib/system/file-system-error.js'
import {
  closeFolder,
  entries,
  entriesUpTo,
  look,
  names,
  openFileIn,
  openFolder,
  openFolderIn,
  readFileIn,
  withFolder,
} from '../../../lib/system/folder.js'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

const raw = (name: string): RawPath => name as RawPath
const codeOf = (action: () => unknown): string | undefined => {
  try {
    action()
    return undefined
  } catch (error) {
    return systemCode(error)
  }
}
const openDescriptors = (): number => readdirSync('/proc/self/fd').length

describe('a folder held by its descriptor', () => {
  let root: string
  beforeEach(() => {
    root = temporaryFolder()
  })

  it('stays the folder that was opened, wherever it is renamed to', () => {
    mkdirSync(join(root, 'a/in'), { recursive: true })
    writeFileSync(join(root, 'a/file'), 'ours')
    const folder = openFolder(fromText(join(root, 'a')))
    renameSync(join(root, 'a'), join(root, 'b'))
    mkdirSync(join(root, 'a'))
    writeFileSync(join(root, 'a/file'), 'theirs')
    expect(names(folder).sort()).to.deep.equal(['file', 'in'])
    expect(readFileIn(folder, raw('file'), 0, 100).toString()).to.equal('ours')
    closeFolder(openFolderIn(folder, raw('in')))
    closeFolder(folder)
  })

  it('is not opened through a link, in whatever component', () => {
    mkdirSync(join(root, 'real/in'), { recursive: true })
    symlinkSync('real', join(root, 'link'))
    expect(codeOf(() => openFolder(fromText(join(root, 'link'))))).to.equal('ENOTDIR')
    expect(codeOf(() => openFolder(fromText(join(root, 'link/in'))))).to.equal('ENOTDIR')
    expect(codeOf(() => openFolder(fromText(join(root, 'gone'))))).to.equal('ENOENT')
    expect(withFolder(fromText(root), (folder) => codeOf(() => openFolderIn(folder, raw('link'))))).to.equal('ENOTDIR')
  })

  it('leaves no descriptor open, whether it could be opened or not', () => {
    mkdirSync(join(root, 'real/in'), { recursive: true })
    writeFileSync(join(root, 'file'), '')
    const before = openDescriptors()
    withFolder(fromText(join(root, 'real/in')), () => undefined)
    codeOf(() => withFolder(fromText(join(root, 'real/gone')), () => undefined))
    codeOf(() => withFolder(fromText(join(root, 'file')), () => undefined))
    codeOf(() =>
      withFolder(fromText(root), () => {
        throw new Error('in use')
      }),
    )
    codeOf(() => withFolder(fromText(root), (folder) => openFileIn(folder, raw('real'))))
    expect(openDescriptors()).to.equal(before)
  })

  it('opens regular files only: no link, folder or FIFO, and does not wait', () => {
    mkdirSync(join(root, 'folder'))
    writeFileSync(join(root, 'file'), '0123456789')
    symlinkSync('file', join(root, 'link'))
    execFileSync('mkfifo', [join(root, 'fifo')])
    withFolder(fromText(root), (folder) => {
      expect(codeOf(() => openFileIn(folder, raw('link')))).to.equal('ELOOP')
      expect(codeOf(() => openFileIn(folder, raw('folder')))).to.equal('ENOTFILE')
      expect(codeOf(() => openFileIn(folder, raw('fifo')))).to.equal('ENOTFILE')
      const { descriptor, stats } = openFileIn(folder, raw('file'))
      closeSync(descriptor)
      expect(stats.size).to.equal(10)
      expect(readFileIn(folder, raw('file'), 8, 100).toString()).to.equal('89')
      expect(readFileIn(folder, raw('file'), 20, 100).length).to.equal(0)
    })
  })

  it('lists and looks at names as bytes', () => {
    const bytes = Buffer.from([0x61, 0xff, 0x0a])
    writeFileSync(Buffer.concat([Buffer.from(root + '/'), bytes]), 'x')
    withFolder(fromText(root), (folder) => {
      const name = bytes.toString('latin1')
      expect(names(folder)).to.deep.equal([name])
      expect(entries(folder).map((entry) => [entry.name, entry.isFile()])).to.deep.equal([[name, true]])
      expect(look(folder, raw(name))?.size).to.equal(1)
      expect(readFileIn(folder, raw(name), 0, 10).toString()).to.equal('x')
      expect(look(folder, raw('gone'))).to.equal(undefined)
    })
  })

  it('gives no more entries than asked for', () => {
    for (const name of ['a', 'b', 'c']) writeFileSync(join(root, name), '')
    withFolder(fromText(root), (folder) => {
      const number = (limit: number): [number, boolean] => {
        const { entries: some, complete } = entriesUpTo(folder, limit)
        return [some.length, complete]
      }
      expect([number(2), number(3), number(4)]).to.deep.equal([
        [2, false],
        [3, true],
        [3, true],
      ])
      // As if the folder were huge: read piece by piece, with the same result.
      const huge = { ...folder, stats: Object.assign(statSync(root), { size: 2 ** 30 }) }
      for (const limit of [2, 3, 4]) {
        expect(entriesUpTo(huge, limit).complete).to.equal(limit >= 3)
        expect(entriesUpTo(huge, limit).entries.length).to.equal(Math.min(3, limit))
      }
      expect(
        entriesUpTo(huge, 9)
          .entries.map(({ name }) => name)
          .sort(),
      ).to.deep.equal(['a', 'b', 'c'])
    })
  })
})
