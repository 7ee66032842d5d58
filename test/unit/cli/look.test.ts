import { chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { DiscoveryReport } from '../../../lib/generated/discovery.js'
import type { Inspection } from '../../../lib/generated/inspection.js'
import type { Verification } from '../../../lib/generated/verification.js'
import { mebibyte, writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { writeSparseImage } from '../../support/image-writer/sparse-image.js'
import { protect } from '../../support/protect.js'
import { realImage } from '../../support/real-images.js'
import { makeLab, runSession } from '../../support/session/index.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'
import { isDocument } from './document.js'
import { holdAsOrphan } from './orphan-holder.js'
import { runCli } from './run.js'

function bundle(folder: string, name = 'A.sparsebundle'): string {
  const path = join(folder, name)
  writeSparseBundle(path, {
    bands: [
      { index: 0, length: mebibyte },
      { index: 1, length: 4096 },
    ],
    mapped: true,
  })
  return path
}

async function json<Document>(schema: string, ...args: string[]): Promise<{ code: number; document: Document }> {
  const { code, stdout, stderr } = await runCli(...args, '--json')
  if (stdout === '') throw new Error(stderr)
  const document = JSON.parse(stdout) as Document
  isDocument(schema, document)
  return { code, document }
}

describe('discover', () => {
  it('finds images of both kinds, with counts', async function () {
    const folder = temporaryFolder()
    bundle(folder)
    const sparse = realImage(this, 'gpt-plain.sparseimage.tgz').file
    const { code, document } = await json<DiscoveryReport>('discovery', 'discover', folder, join(sparse, '..'))
    expect(code).to.equal(0)
    expect(document.images.map(({ container }) => container).sort()).to.deep.equal(['sparse-bundle', 'sparse-image'])
    const { stdout } = await runCli('discover', folder)
    expect(stdout).to.match(
      /A\.sparsebundle {2}\(sparse bundle, not encrypted, [\d.]+ MiB\)\n1 image \(\d+ entries in \d+ folders looked at, .*\)\.\n$/,
    )
  })

  it('ends with 2 for a damaged image, and with 3 for a folder that is not there', async () => {
    const folder = temporaryFolder()
    rmSync(join(bundle(folder), 'bands/1'))
    const damaged = await runCli('discover', folder)
    expect(damaged.code).to.equal(2)
    expect(damaged.stdout).to.match(/^ {2}error: .+/m)
    const missing = await runCli('discover', join(folder, 'nowhere'))
    expect(missing.code).to.equal(3)
    expect(missing.stdout).to.match(/nowhere is not there/)
  })
})

describe('inspect', function () {
  this.timeout(30_000)

  it('tells all of an encrypted image that can be told without its key', async function () {
    const { file } = realImage(this, 'hfsj-aes128-v2.sparsebundle.tgz')
    const { code, document } = await json<Inspection>('inspection', 'inspect', file)
    expect(code).to.equal(0)
    expect(document).to.include({ container: 'sparse-bundle', encryption: 'v2', recognised: true })
    expect(document.identity).to.equal(`uuid:${document.uuid ?? ''}`)
    expect(document.counts.bands).to.be.above(0)
    expect(document.usage.state).to.equal('detached')
  })

  it('tells of a single file, found through a link, and of whoever uses it', async function () {
    const { file } = realImage(this, 'gpt-aes128-v1.sparseimage.tgz')
    const link = join(temporaryFolder(), 'link')
    symlinkSync(file, link)
    holdAsOrphan(file)
    const { code, stdout } = await runCli('inspect', link)
    expect(code).to.equal(0)
    expect(stdout).to.match(
      /^kind +sparse image\nencryption +encrypted v1, AES-128, .*\(1000 rounds\)\nidentity +uuid:/m,
    )
    expect(stdout).to.match(/^in use +attached by .*sleep/m)
  })

  it('tells what is inside, of an encrypted image with its passphrase only', async function () {
    const { file } = realImage(this, 'hfsj-aes128-v2.sparsebundle.tgz')
    const closed = await json<Inspection>('inspection', 'inspect', file)
    expect(closed.document.inside).to.deep.equal({
      notRead: 'it is encrypted, and no passphrase was given',
      partitions: [],
      volumes: [],
    })
    expect(closed.document.header).to.deep.equal({
      cipher: 'AES-128',
      blockSize: 512,
      keys: [{ kind: 'passphrase', rounds: 192_307 }],
    })
    const passphrase = join(temporaryFolder(), 'passphrase')
    writeFileSync(passphrase, 'foo\n', { mode: 0o600 })
    const open = await json<Inspection>('inspection', 'inspect', file, '--passphrase-file', passphrase)
    expect(open.code).to.equal(0)
    expect(open.document.inside.volumes).to.have.lengthOf(1)
    expect(open.document.inside.volumes[0]).to.include({ partition: null, kind: 'hfs+', name: 'Test1Enc' })
    const { stdout } = await runCli('inspect', file, '--passphrase-file', passphrase)
    expect(stdout).to.match(/^inside +HFS\+ "Test1Enc" of 5\.0 MiB$/m)
    expect(stdout).to.match(
      /^encryption +encrypted v2, AES-128, blocks of 512 bytes; opened by a passphrase \(192307 /m,
    )
    writeFileSync(passphrase, 'bar\n')
    expect((await runCli('inspect', file, '--passphrase-file', passphrase)).code).to.equal(2)
  })

  it('counts and draws the bands, also those that an encrypted sparse image has', async function () {
    const plain = realImage(this, 'fat16-plain-mapped.sparsebundle.tgz').file
    const { stdout } = await runCli('inspect', plain, '--map')
    expect(stdout).to.match(/^bands +3 of 12; 9 never written and 2 short$/m)
    expect(stdout).to.match(/\n\n░····▓·····█\nEach character is 1 band \(8\.0 MiB\): .*\n$/)
    // eslint-disable-next-line no-control-regex
    expect(stdout).to.not.match(/\u001b/)
    const sealed = realImage(this, 'gpt-aes128-v1.sparseimage.tgz').file
    const closed = await runCli('inspect', sealed, '--map')
    expect(closed.stdout).to.match(
      /^bands +not known without the key$[^]*\nNo map: which bands are stored is not known\.\n$/m,
    )
    const passphrase = join(temporaryFolder(), 'passphrase')
    writeFileSync(passphrase, 'vilefault\n', { mode: 0o600 })
    const open = await runCli('inspect', sealed, '--map', '--passphrase-file', passphrase)
    expect(open.stdout).to.match(/^bands +1 of 1$[^]*^inside +1: 24\.0 KiB, gpt [^]*\n\n█\nEach character/m)
    expect((await runCli('inspect', sealed, '--map', '--json')).code).to.equal(64)
  })

  it('draws a disk that has room for as many bands as there can be, by those that there are', async () => {
    const path = join(temporaryFolder(), 'Large.sparseimage')
    const last = 2 ** 27 - 1
    writeSparseImage(path, { sectorsPerBand: 1, sectors: last + 1, slots: [last, 5, 1_000_000] })
    const { stdout } = await runCli('inspect', path, '--map')
    expect(stdout).to.match(/^bands +3 of 134217728; 134217725 never written$/m)
    expect(stdout.match(/[·░▒▓█]{10,}/g)?.join('')).to.match(/^░·{8}░·+░$/)
  })

  it('tells what Time Machine says', async () => {
    const path = bundle(temporaryFolder())
    const plist = (state: number): string =>
      `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict><key>VerificationState</key><integer>${String(state)}</integer></dict></plist>`
    writeFileSync(join(path, 'com.apple.TimeMachine.MachineID.plist'), plist(1))
    const fine = await json<Inspection>('inspection', 'inspect', path)
    expect(fine.document.timeMachine).to.deep.equal({ state: 1 })
    writeFileSync(join(path, 'com.apple.TimeMachine.MachineID.plist'), plist(2))
    const { code, stdout } = await runCli('inspect', path)
    expect(code).to.equal(1)
    expect(stdout).to.match(/^time machine +found it DAMAGED$/m)
  })

  it('uses the settings it is told of', async () => {
    const lab = makeLab()
    protect(lab)
    const path = bundle(lab.source)
    const { code, stdout } = await runCli('inspect', path, '--config', lab.configurationFile)
    // Random bytes are no file system.
    expect(code).to.equal(1)
    expect(stdout).to.match(/two looks 0\.05 s apart|^in use +detached/m)
  })

  it('ends with 3 for nothing, and with 2 for what is no image or is damaged', async () => {
    const folder = temporaryFolder()
    expect((await runCli('inspect', join(folder, 'nowhere'))).code).to.equal(3)
    writeFileSync(join(folder, 'letter'), 'dear')
    const letter = await runCli('inspect', join(folder, 'letter'))
    expect(letter).to.deep.include({ code: 2, stdout: '' })
    expect(letter.stderr).to.include('is no sparse bundle and no sparse image')
    const path = bundle(folder)
    truncateSync(join(path, 'bands/0'), 100)
    const damaged = await runCli('inspect', path)
    expect(damaged.code).to.equal(2)
    expect(damaged.stdout).to.match(/^error: /m)
  })

  it('ends with 3 for what may not be opened, as export and verify do', async function () {
    if (process.getuid?.() !== 0) skip(this, 'only root can look as another user')
    const folder = temporaryFolder()
    const path = bundle(folder)
    chmodSync(folder, 0o755)
    chmodSync(path, 0o700)
    const uid = process.geteuid?.() ?? 0
    process.seteuid?.(65534)
    try {
      for (const args of [
        ['inspect', path],
        ['export', path, '-o', join(folder, 'disk')],
        ['verify', path],
      ]) {
        const { code, stdout, stderr } = await runCli(...args)
        expect(code, stderr).to.equal(3)
        expect(stdout + stderr).to.match(/A\.sparsebundle.* Run as root\./)
      }
    } finally {
      process.seteuid?.(uid)
    }
  })
})

describe('verify', function () {
  this.timeout(60_000)

  it('calls real images complete, with counts, whatever their kind', async function () {
    const files = ['hfsj-plain.sparsebundle.tgz', 'gpt-aes128-v2.sparseimage.tgz'].map(
      (name) => realImage(this, name).file,
    )
    const { code, document } = await json<Verification>('verification', 'verify', ...files)
    expect(code).to.equal(0)
    expect(document.results.map(({ state }) => state)).to.deep.equal(['complete', 'complete'])
    expect(document.counts).to.include({ complete: 2, damaged: 0 })
    expect(document.counts.members).to.be.above(2)
    expect((await runCli('verify', ...files)).stdout).to.match(/\n2 complete \(\d+ members, \d+ bands, .*\)\.\n$/)
  })

  it('checks every section’s copy of an image in the source', async () => {
    const lab = makeLab()
    protect(lab)
    const path = bundle(lab.source)
    await runSession('ours', lab)
    await runSession('ours', lab)
    const args = ['verify', path, '--config', lab.configurationFile]
    const whole = await json<Verification>('verification', ...args)
    expect(whole.code).to.equal(0)
    expect(whole.document.results.map(({ section, state }) => [section, state])).to.deep.equal([
      [null, 'complete'],
      [0, 'complete'],
      [1, 'complete'],
    ])
    rmSync(join(lab.destination, 'Section.0/source/A.sparsebundle/bands/1'))
    rmSync(join(lab.destination, 'Section.1/source/A.sparsebundle'), { recursive: true })
    const { code, stdout } = await runCli(...args)
    expect(code).to.equal(2)
    expect(stdout).to.match(
      /^complete: .*\ndamaged: Section\.0: .*\n {2}error: .*\nabsent: Section\.1: .*\n {2}warning: /,
    )
    expect(stdout).to.match(/\n1 complete, 1 damaged and 1 absent \(/)
  })

  it('finds the copies of a source on another machine', async () => {
    const lab = makeLab({ backupSource: '/Users', settings: { useSSH: 'YES' } })
    protect(lab)
    mkdirSync(join(lab.destination, 'Section.0/Users/bob'), { recursive: true })
    bundle(join(lab.destination, 'Section.0/Users/bob'), 'bob.sparsebundle')
    const args = ['verify', '/Users/bob/bob.sparsebundle', '--config', lab.configurationFile]
    const { code, document } = await json<Verification>('verification', ...args)
    expect(code).to.equal(0)
    expect(document.results.map(({ section, state }) => [section, state])).to.deep.equal([[0, 'complete']])
  })

  it('takes writing for no damage while the image is in use', async () => {
    const path = bundle(temporaryFolder())
    truncateSync(join(path, 'bands/0'), 100)
    expect((await runCli('verify', path)).code).to.equal(2)
    holdAsOrphan(join(path, 'bands/1'))
    const { document } = await json<Verification>('verification', 'verify', path)
    expect(document.results[0]).to.include({ inUse: true, state: 'complete' })
  })

  it('takes a path as our messages print it', async () => {
    const folder = temporaryFolder()
    const path = bundle(folder, 'back\\slash.sparsebundle')
    expect((await runCli('verify', path.replace('\\', '\\x5c'))).code).to.equal(0)
  })

  it('ends with 3 for what is not there, 2 for what is no image, and says so of each', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'letter'), 'dear')
    const missing = await runCli('verify', join(folder, 'nowhere'))
    expect(missing.code).to.equal(3)
    expect(missing.stdout).to.match(/^absent: .*\n {2}error: .*is not there\.\n1 absent/)
    const { code, stdout } = await runCli('verify', join(folder, 'nowhere'), join(folder, 'letter'))
    expect(code).to.equal(2)
    expect(stdout).to.match(/\n1 damaged and 1 absent \(/)
  })
})
