import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { copyFileIn } from '../../../lib/system/copy-file.js'
import { dressFileIn } from '../../../lib/system/dress.js'
import {
  cloneIn,
  linkIn,
  makeFolderIn,
  makeOrOpenFolderIn,
  renameIn,
  replaceFileIn,
  unlinkIn,
  writeFileIn,
} from '../../../lib/system/folder-writes.js'
import { closeFolder, openFolder, type Folder } from '../../../lib/system/folder.js'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'
import { smallDisk, unmountSmallDisks } from '../../support/fault/small-disk.js'
import { reflinkDisk, unmountReflinkDisks } from '../../support/reflink-disk.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'

const raw = (name: string): RawPath => name as RawPath
const open: Folder[] = []

const hold = (folder: Folder): Folder => {
  open.push(folder)
  return folder
}

/** Code and message of the OperationalError that is thrown. */
function refusal(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof OperationalError) return `${error.code}: ${error.message}`
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('writing in a folder that is held', () => {
  let root: string
  let ours: string
  let folder: Folder
  beforeEach(() => {
    root = temporaryFolder()
    ours = join(root, 'ours')
    mkdirSync(ours)
    folder = hold(openFolder(fromText(ours)))
  })
  afterEach(() => {
    open.splice(0).forEach(closeFolder)
    unmountSmallDisks()
    unmountReflinkDisks()
  })

  it('stays in that folder wherever it is renamed to', () => {
    const elsewhere = join(root, 'elsewhere')
    mkdirSync(elsewhere)
    renameSync(ours, join(root, 'moved'))
    symlinkSync(elsewhere, ours)
    closeFolder(makeFolderIn(folder, raw('a')))
    writeFileIn(folder, raw('b'), 'b')
    replaceFileIn(folder, raw('b'), 'c')
    linkIn(folder, raw('b'), folder, raw('d'))
    renameIn(folder, raw('d'), folder, raw('e'))
    unlinkIn(folder, raw('b'))
    expect(readdirSync(elsewhere)).to.deep.equal([])
    expect(readdirSync(join(root, 'moved')).sort()).to.deep.equal(['a', 'e'])
    expect(readFileSync(join(root, 'moved/e'), 'utf8')).to.equal('c')
  })

  it('follows no link that is planted under a name, and touches nothing that it leads to', () => {
    const precious = join(root, 'precious')
    writeFileSync(precious, 'precious', { mode: 0o640 })
    utimesSync(precious, 1, 1)
    const before = lstatSync(precious)
    for (const name of ['link', 'replaced']) symlinkSync(precious, join(ours, name))
    symlinkSync(root, join(ours, 'folder'))
    expect(refusal(() => writeFileIn(folder, raw('link'), 'x'))).to.contain(join(ours, 'link'))
    expect(refusal(() => makeFolderIn(folder, raw('folder')))).to.contain(join(ours, 'folder'))
    expect(refusal(() => makeOrOpenFolderIn(folder, raw('folder')))).to.contain('not-a-folder')
    expect(refusal(() => dressFileIn(folder, raw('link'), before))).to.contain('link-refused')
    expect(refusal(() => cloneIn(folder, raw('link'), folder, raw('clone')))).to.contain('link-refused')
    expect(refusal(() => copyFileIn(folder, raw('link'), folder, raw('copy')))).to.contain('link-refused')
    linkIn(folder, raw('link'), folder, raw('second'))
    replaceFileIn(folder, raw('replaced'), 'new')
    unlinkIn(folder, raw('link'))
    expect(readlinkSync(join(ours, 'second'))).to.equal(precious)
    expect(lstatSync(join(ours, 'replaced')).isFile()).to.be.true
    const { nlink, mode, mtimeMs, ctimeMs } = lstatSync(precious)
    expect([nlink, mode, mtimeMs, ctimeMs]).to.deep.equal([1, before.mode, before.mtimeMs, before.ctimeMs])
    expect(readdirSync(ours).sort()).to.deep.equal(['folder', 'replaced', 'second'])
  })

  it('takes no name that is taken', () => {
    for (const name of ['file', 'other']) writeFileSync(join(ours, name), name)
    expect(refusal(() => writeFileIn(folder, raw('file'), 'x'))).to.contain('EEXIST')
    expect(refusal(() => linkIn(folder, raw('other'), folder, raw('file')))).to.contain('EEXIST')
    expect(refusal(() => copyFileIn(folder, raw('other'), folder, raw('file')))).to.contain('EEXIST')
    expect(refusal(() => cloneIn(folder, raw('other'), folder, raw('file')))).to.contain('EEXIST')
    expect(readFileSync(join(ours, 'file'), 'utf8')).to.equal('file')
  })

  it('copies a file in pieces, with owner, mode and time as rsync stores them', function () {
    if (process.geteuid?.() !== 0) skip(this, 'only root gives files away')
    const bytes = Buffer.alloc(8 * 1024 * 1024 + 5, 'pieces')
    writeFileSync(join(ours, 'from'), bytes)
    dressFileIn(folder, raw('from'), { uid: 12, gid: 34, mode: 0o4751, atimeMs: 1, mtimeMs: 1_600_000_000_123.456 })
    const sizes: number[] = []
    copyFileIn(folder, raw('from'), folder, raw('to'), { piece: ({ length }) => void sizes.push(length) })
    expect(sizes).to.deep.equal([8 * 1024 * 1024, 5])
    expect(readFileSync(join(ours, 'to')).equals(bytes)).to.be.true
    const [from, to] = ['from', 'to'].map((name) => lstatSync(join(ours, name), { bigint: true }))
    expect([to?.uid, to?.gid, to?.mode, to?.mtimeNs]).to.deep.equal([from?.uid, from?.gid, from?.mode, from?.mtimeNs])
    expect([to?.uid, to?.mode, (to?.mtimeNs ?? 0n) / 1000n]).to.deep.equal([12n, 0o104751n, 1_600_000_000_123_456n])
  })

  it('gives up a copy when its time is over', () => {
    writeFileSync(join(ours, 'from'), 'x')
    const late = { deadline: Date.now() - 1 }
    expect(refusal(() => copyFileIn(folder, raw('from'), folder, raw('to'), late))).to.match(
      /^copy-overdue: .*ours\/from/,
    )
  })

  it('says where a disk is full or may not be written', function () {
    const disk = smallDisk(this, ours)
    const held = hold(openFolder(fromText(ours)))
    writeFileSync(join(root, 'large'), Buffer.alloc(512 * 1024))
    const outside = hold(openFolder(fromText(root)))
    expect(refusal(() => copyFileIn(outside, raw('large'), held, raw('to')))).to.contain(`disk-full: ${ours}/to `)
    unlinkIn(held, raw('to'))
    replaceFileIn(held, raw('small'), 'old')
    disk.fill()
    expect(refusal(() => replaceFileIn(held, raw('small'), 'new'))).to.match(/^disk-full: .*small/)
    expect(readFileSync(join(ours, 'small'), 'utf8')).to.equal('old')
    expect(readdirSync(ours).sort()).to.deep.equal(['filler', 'small'])
    disk.readOnly(true)
    const each: [string, () => unknown][] = [
      ['folder', () => makeFolderIn(held, raw('folder'))],
      ['file', () => writeFileIn(held, raw('file'), '')],
      ['linked', () => linkIn(held, raw('small'), held, raw('linked'))],
      ['renamed', () => renameIn(held, raw('small'), held, raw('renamed'))],
      ['small', () => unlinkIn(held, raw('small'))],
      ['small', () => dressFileIn(held, raw('small'), { ...statSync(root), mode: 0o100, atimeMs: 1, mtimeMs: 1 })],
    ]
    for (const [name, action] of each) expect(refusal(action)).to.contain(`read-only: ${ours}/${name} `)
  })

  it('clones a file where the file system can', function () {
    const place = reflinkDisk(this, root)
    const disk = hold(openFolder(fromText(place)))
    writeFileSync(join(place, 'from'), Buffer.alloc(1024 * 1024, 'a'))
    chmodSync(join(place, 'from'), 0o640)
    const stats = cloneIn(disk, raw('from'), disk, raw('to'))
    expect([stats?.ino, stats?.mode]).to.deep.equal([lstatSync(join(place, 'from')).ino, 0o100640])
    writeFileSync(join(place, 'to'), 'b', { flag: 'r+' })
    expect(readFileSync(join(place, 'from')).equals(Buffer.alloc(1024 * 1024, 'a'))).to.be.true
    expect(readFileSync(join(place, 'to'), 'latin1').slice(0, 4)).to.equal('baaa')
  })

  it('clones nothing where it cannot, and leaves nothing', function () {
    smallDisk(this, ours)
    const held = hold(openFolder(fromText(ours)))
    writeFileSync(join(ours, 'from'), 'x')
    expect(cloneIn(held, raw('from'), held, raw('to'))).to.be.undefined
    expect(existsSync(join(ours, 'to'))).to.be.false
  })
})
