import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import {
  appendText,
  exists,
  lookAt,
  makeFolder,
  readFileBounded,
  readFileIfPresent,
  realPath,
  removeFile,
  replaceFile,
} from '../../../lib/system/file.js'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

const codeOf = (action: () => unknown): string | undefined => {
  try {
    action()
    return undefined
  } catch (error) {
    return error instanceof OperationalError ? error.code : String(error)
  }
}

describe('a file of the administrator or of our own', () => {
  let folder: string
  let path: RawPath
  beforeEach(() => {
    folder = temporaryFolder()
    path = fromText(join(folder, 'file'))
  })

  it('is read whole, but not beyond the limit, and never a FIFO', () => {
    writeFileSync(path, '12345')
    expect(readFileBounded(path, 5).bytes.toString()).to.equal('12345')
    expect(codeOf(() => readFileBounded(path, 4))).to.equal('file-too-large')
    execFileSync('mkfifo', [join(folder, 'fifo')])
    expect(codeOf(() => readFileBounded(fromText(join(folder, 'fifo')), 5))).to.equal('not-a-file')
    expect(codeOf(() => readFileBounded(fromText(join(folder, 'gone')), 5))).to.equal('file-missing')
    expect(readFileIfPresent(fromText(join(folder, 'gone')), 5)).to.equal(undefined)
    expect(codeOf(() => readFileIfPresent(fromText(folder), 5))).to.equal('not-a-file')
  })

  it('is replaced whole, with nothing left beside it', () => {
    replaceFile(path, 'first')
    expect(lstatSync(path).mode & 0o777).to.equal(0o600)
    const { ino } = lstatSync(path)
    replaceFile(path, 'second', { mode: 0o644 })
    expect(readFileSync(path, 'utf8')).to.equal('second')
    expect(lstatSync(path).ino).not.to.equal(ino)
    expect(readdirSync(folder)).to.deep.equal(['file'])
  })

  it('keeps owner and mode where asked to', () => {
    writeFileSync(path, 'first')
    chmodSync(path, 0o640)
    if (process.getuid?.() === 0) chownSync(path, 12_345, 123)
    const before = lstatSync(path)
    replaceFile(path, 'second', { like: before })
    const after = lstatSync(path)
    expect([after.mode, after.uid, after.gid]).to.deep.equal([before.mode, before.uid, before.gid])
  })

  it('is left as it is where somebody changed it meanwhile', () => {
    writeFileSync(path, 'first')
    const { stats } = readFileBounded(path, 100)
    replaceFile(path, 'again', { unchangedSince: stats })
    expect(codeOf(() => replaceFile(path, 'mine', { unchangedSince: stats }))).to.equal('file-changed-meanwhile')
    expect(readFileSync(path, 'utf8')).to.equal('again')
    expect(readdirSync(folder)).to.deep.equal(['file'])
  })

  it('is appended to, but not through a link', () => {
    appendText(path, 'one\n')
    appendText(path, 'two\n', { sync: true })
    expect(readFileSync(path, 'utf8')).to.equal('one\ntwo\n')
    symlinkSync('file', join(folder, 'link'))
    expect(codeOf(() => appendText(fromText(join(folder, 'link')), 'x'))).to.equal('link-refused')
  })

  it('is seen without following a link, and its real path found with', () => {
    writeFileSync(path, '')
    symlinkSync('file', join(folder, 'link'))
    symlinkSync('gone', join(folder, 'dangling'))
    expect(lookAt(fromText(join(folder, 'link')))?.isSymbolicLink()).to.equal(true)
    expect(lookAt(fromText(join(folder, 'gone')))).to.equal(undefined)
    expect(realPath(fromText(join(folder, 'link')))).to.equal(path)
    expect(realPath(fromText(join(folder, 'dangling')))).to.equal(undefined)
    expect([exists(path), exists(fromText(join(folder, 'dangling')))]).to.deep.equal([true, false])
  })

  it('is removed, whether it is there or not; a folder is made with its parents', () => {
    const deep = fromText(join(folder, 'a/b'))
    makeFolder(deep)
    makeFolder(deep)
    expect(lstatSync(deep).mode & 0o777).to.equal(0o700)
    writeFileSync(path, '')
    removeFile(path)
    removeFile(path)
    expect(existsSync(path)).to.equal(false)
    mkdirSync(join(folder, 'c'))
    expect(codeOf(() => removeFile(fromText(join(folder, 'c'))))).to.be.a('string')
  })

  it('may bear any name', () => {
    const odd = (fromText(folder) + '/a\u00ff\n') as RawPath
    replaceFile(odd, 'x')
    expect(readFileBounded(odd, 10).bytes.toString()).to.equal('x')
    expect(codeOf(() => readFileBounded(odd, 0))).to.equal('file-too-large')
  })
})
