import { spawn } from 'node:child_process'
import { mkdirSync, renameSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { withBlock } from '../../../lib/link/block.js'
import type { ExcludesWish } from '../../../lib/link/excludes-type.js'
import { planExcludes } from '../../../lib/link/plan.js'
import { temporaryFolder } from '../../support/temporary.js'
import { entriesOf, lbackupOptions, raw } from './tree.js'

const owner = { run: 'run-1', lbackupPid: 12, lbackupStarted: 1795317300 }
const block = Buffer.alloc(256 * 1024, 7)
const bands = ['0', '1', '2', '3'].map((name) => `bob/bob.sparsebundle/bands/${name}`)
const others = ['aaa/0', 'aaa/1', 'carol/mail', 'zoe/0', 'zoe/1']
const bobsOwn = ['bob/bob.sparsebundle/Info.plist', 'bob/bob.sparsebundle/token', ...bands]
const clearText = ['bob/Documents/secret', 'bob/secret']

/** A source where bob is logged out, between users whose files rsync takes before and after him. */
function users(): string {
  const folder = temporaryFolder()
  for (const path of [...others, ...bobsOwn]) {
    mkdirSync(`${folder}/src/${path.slice(0, path.lastIndexOf('/'))}`, { recursive: true })
    writeFileSync(`${folder}/src/${path}`, /[0-9]$/.test(path) ? block : 'x')
  }
  return folder
}

/** rsync reads about a thousand entries ahead: with these it has not yet seen bob's home when it copies the first file. */
function crowd(folder: string): void {
  for (let n = 1000; n < 4000; n += 1) writeFileSync(`${folder}/src/aaa/${String(n)}`, '')
}

/** What a login does on the disk: the image moves to the hidden home, its clear text appears in the home. */
function login(folder: string): void {
  mkdirSync(`${folder}/src/.bob`)
  renameSync(`${folder}/src/bob/bob.sparsebundle`, `${folder}/src/.bob/bob.sparsebundle`)
  mkdirSync(`${folder}/src/bob/Documents`)
  for (const path of clearText) writeFileSync(`${folder}/src/${path}`, 'secret')
}

function logout(folder: string): void {
  for (const path of clearText) unlinkSync(`${folder}/src/${path}`)
  rmdirSync(`${folder}/src/bob/Documents`)
  renameSync(`${folder}/src/.bob/bob.sparsebundle`, `${folder}/src/bob/bob.sparsebundle`)
  rmdirSync(`${folder}/src/.bob`)
}

interface Copied {
  readonly code: number | null
  readonly entries: readonly string[]
}

/** Copies slowly as LBackup does; when rsync comes to `at`, all of it is stopped, `then` done, and it goes on. */
async function slowCopy(folder: string, excludes: Buffer, at: string, then: () => void): Promise<Copied> {
  const slow = ['--bwlimit=4096', '--outbuf=L', '--out-format=%n']
  const options = [...lbackupOptions, ...slow, 'src', 'Section.inprogress/']
  mkdirSync(`${folder}/Section.inprogress`)
  const child = spawn('rsync', options, { cwd: folder, detached: true, stdio: ['pipe', 'pipe', 'ignore'] })
  const group = -(child.pid as number)
  child.stdin.end(excludes)
  let happened = false
  createInterface(child.stdout).on('line', (line) => {
    if (line !== `src/${at}` || happened) return
    happened = true
    process.kill(group, 'SIGSTOP')
    then()
    process.kill(group, 'SIGCONT')
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  expect(happened, `rsync never came to ${at}`).to.equal(true)
  return { code, entries: entriesOf(`${folder}/Section.inprogress/src`) }
}

function excludesFor(folder: string, more: Partial<Extract<ExcludesWish, { kind: 'filevault-home' }>> = {}): Buffer {
  const home: ExcludesWish = {
    kind: 'filevault-home',
    home: raw(`${folder}/src/bob`),
    hiddenHome: raw(`${folder}/src/.bob`),
    imageName: raw('bob.sparsebundle'),
    container: 'sparse-bundle',
    lies: 'home',
    copy: 'image',
    ...more,
  }
  return withBlock(Buffer.alloc(0), owner, planExcludes({ source: raw(`${folder}/src`), wishes: [home] }).rules)
}

function expectNoClearText({ entries }: Copied): void {
  expect(entries.filter((path) => path.includes('secret') || path.startsWith('.bob'))).to.deep.equal([])
  expect(entries).to.include.members(others)
}

describe('link: a login while LBackup runs adds nothing to the backup', function () {
  it('before rsync starts, after the block was written', async () => {
    const folder = users()
    const excludes = excludesFor(folder)
    login(folder)
    const copied = await slowCopy(folder, excludes, 'aaa/0', () => undefined)
    expect(copied.code).to.equal(0)
    expectNoClearText(copied)
  })
  for (const [when, at] of Object.entries({
    before: 'aaa/0',
    inside: 'bob/bob.sparsebundle/bands/1',
    after: 'zoe/0',
  })) {
    it(`${when} his turn`, async () => {
      const folder = users()
      const copied = await slowCopy(folder, excludesFor(folder), at, () => login(folder))
      expectNoClearText(copied)
      // Bands that vanish in mid-copy give 23 or 24; LBackup's `ignore_rsync_vanished_files` decides what that means.
      expect(copied.code).to.be.oneOf(when === 'after' ? [0] : [0, 23, 24])
      if (when === 'after') expect(copied.entries).to.include.members(bobsOwn)
    })
  }
  it('before rsync has read his folder', async () => {
    const folder = users()
    crowd(folder)
    const copied = await slowCopy(folder, excludesFor(folder), 'aaa/0', () => login(folder))
    expectNoClearText(copied)
    expect(copied.code).to.be.oneOf([0, 23, 24])
  })
  it('nor does a logout, where the image in the hidden home was to be left out', async () => {
    const folder = users()
    login(folder)
    const excludes = excludesFor(folder, { lies: 'hidden-home', copy: 'nothing' })
    const copied = await slowCopy(folder, excludes, 'aaa/0', () => logout(folder))
    expect(copied.code).to.equal(0)
    expectNoClearText(copied)
    expect(copied.entries.filter((path) => path.startsWith('bob'))).to.deep.equal(['bob'])
  })
  it('but without the block the clear text gets in, and rsync calls it a success', async () => {
    const folder = users()
    crowd(folder)
    login(folder)
    const copied = await slowCopy(folder, Buffer.alloc(0), 'aaa/0', () => undefined)
    expect(copied.code).to.equal(0)
    expect(copied.entries).to.include.members([...clearText, '.bob/bob.sparsebundle/token'])
  })
})
