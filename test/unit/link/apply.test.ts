import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { expect } from 'chai'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { putBlock, readExcludes, takeBlockOfRun, takeBlockOut } from '../../../lib/link/apply.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'
import { skip } from '../../support/skip.js'
import { raw } from './tree.js'

const owner = { run: 'run-1', lbackupPid: 12, lbackupStarted: 1795317300 }
const plan = { rules: [raw('- /.lbackup-filevault'), raw('- /src/\xe9')] }

function excludesFile(content = '*.tmp'): string {
  const path = `${temporaryFolder()}/excludes.txt`
  writeFileSync(path, content)
  chmodSync(path, 0o640)
  return path
}

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof OperationalError) return error.code
    throw error
  }
  return 'nothing was thrown'
}

describe('link: the excludes file on the disk', () => {
  it('gets the block and loses it, keeping mode and owner, and leaves nothing beside', () => {
    const path = excludesFile()
    const put = putBlock(fromText(path), plan, owner)
    expect(put.changed).to.equal(true)
    expect(readFileSync(path).equals(put.bytes)).to.equal(true)
    expect(readExcludes(fromText(path)).parts.rules).to.deep.equal(plan.rules)
    expect(statSync(path).mode & 0o7777).to.equal(0o640)
    expect(takeBlockOut(fromText(path)).before.owners).to.deep.equal([owner])
    expect(readFileSync(path, 'utf8')).to.equal('*.tmp')
    expect(readdirSync(path.slice(0, path.lastIndexOf('/')))).to.deep.equal(['excludes.txt'])
  })
  it('is taken out for the run it belongs to, and for no other', () => {
    const path = excludesFile()
    putBlock(fromText(path), plan, owner)
    const before = readFileSync(path)
    takeBlockOfRun(fromText(path), 'run-2')
    expect(readFileSync(path)).to.deep.equal(before)
    takeBlockOfRun(fromText(path), owner.run)
    expect(readFileSync(path, 'utf8')).to.equal('*.tmp')
  })
  it('is not touched when there is nothing to do', () => {
    const path = excludesFile()
    putBlock(fromText(path), plan, owner)
    const { ino } = statSync(path)
    expect(putBlock(fromText(path), plan, owner).changed).to.equal(false)
    expect(statSync(path).ino).to.equal(ino)
    takeBlockOut(fromText(path))
    const clean = statSync(path).ino
    expect(takeBlockOut(fromText(path)).changed).to.equal(false)
    expect(statSync(path).ino).to.equal(clean)
  })
  it('keeps what the administrator wrote meanwhile, and says what he changed of ours', () => {
    const path = excludesFile()
    putBlock(fromText(path), plan, owner)
    writeFileSync(path, `${readFileSync(path, 'latin1').replace('\n- /.lbackup-filevault\n', '\n')}\n/new`, 'latin1')
    const out = takeBlockOut(fromText(path))
    expect(readFileSync(path, 'utf8')).to.equal('*.tmp\n/new')
    expect(out.notes).to.have.length(1)
    expect(out.notes[0]).to.include('`- /.lbackup-filevault` no longer stands where we put it')
  })
  it('is replaced behind a link, also a chain of links, and the link stays', () => {
    const path = excludesFile()
    const folder = temporaryFolder()
    symlinkSync(path, `${folder}/one`)
    symlinkSync('one', `${folder}/two`)
    expect(putBlock(fromText(`${folder}/two`), plan, owner).file).to.equal(path)
    expect(lstatSync(`${folder}/one`).isSymbolicLink()).to.equal(true)
    expect(lstatSync(`${folder}/two`).isSymbolicLink()).to.equal(true)
    expect(readExcludes(fromText(path)).parts.found).to.equal(true)
  })
  it('refuses a ! line with its number and the file, and leaves the file alone', () => {
    const path = excludesFile('*.tmp\r\n!\r\n')
    expect(() => putBlock(fromText(path), plan, owner)).to.throw(
      OperationalError,
      `Line 2 of the excludes file ${path}`,
    )
    expect(readFileSync(path, 'utf8')).to.equal('*.tmp\r\n!\r\n')
    expect(takeBlockOut(fromText(path)).changed).to.equal(false)
  })
  it('refuses a missing file, a dangling link, a folder, a FIFO, a huge file, a second hard link', () => {
    const folder = temporaryFolder()
    const at = (name: string): string => codeOf(() => putBlock(fromText(`${folder}/${name}`), plan, owner))
    symlinkSync('nowhere', `${folder}/dangling`)
    mkdirSync(`${folder}/folder`)
    spawnSync('mkfifo', [`${folder}/fifo`])
    writeFileSync(`${folder}/huge`, Buffer.alloc(5 * 1024 * 1024, 10))
    writeFileSync(`${folder}/first`, '')
    linkSync(`${folder}/first`, `${folder}/second`)
    expect(['missing', 'dangling', 'folder', 'fifo', 'huge', 'second'].map(at)).to.deep.equal([
      'excludes-missing',
      'excludes-missing',
      'not-a-file',
      'not-a-file',
      'file-too-large',
      'excludes-hard-linked',
    ])
    expect(readFileSync(`${folder}/first`, 'utf8')).to.equal('')
  })
  it('says so where its folder is read-only', function () {
    if (process.getuid?.() !== 0) skip(this, 'mounting a read-only folder needs root')
    const folder = temporaryFolder()
    const mounted = spawnSync('mount', ['-t', 'tmpfs', 'none', folder])
    expect(mounted.status, mounted.stderr.toString()).to.equal(0)
    try {
      writeFileSync(`${folder}/excludes.txt`, 'mine')
      spawnSync('mount', ['-o', 'remount,ro', folder])
      expect(codeOf(() => putBlock(fromText(`${folder}/excludes.txt`), plan, owner))).to.equal('read-only')
      expect(takeBlockOut(fromText(`${folder}/excludes.txt`)).changed).to.equal(false)
      expect(readFileSync(`${folder}/excludes.txt`, 'utf8')).to.equal('mine')
    } finally {
      spawnSync('umount', [folder])
    }
  })
})
