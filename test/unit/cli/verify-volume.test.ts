import { closeSync, cpSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Verification } from '../../../lib/generated/verification.js'
import { protect } from '../../support/protect.js'
import { realImage } from '../../support/real-images.js'
import { makeLab, runSession } from '../../support/session/index.js'
import { temporaryFolder } from '../../support/temporary.js'
import { isDocument } from './document.js'
import { runCli } from './run.js'

async function verified(...args: string[]): Promise<{ code: number; results: Verification['results'] }> {
  const { code, stdout } = await runCli('verify', '--level', 'volume', '--json', ...args)
  const document = JSON.parse(stdout) as Verification
  isDocument('verification', document)
  return { code, results: document.results }
}

function secret(text: string): string {
  const file = join(temporaryFolder(), 'passphrase')
  writeFileSync(file, `${text}\n`, { mode: 0o600 })
  return file
}

describe('verify --level volume', function () {
  this.timeout(60_000)

  it('tells what the disk inside holds, or why it was not checked', async function () {
    const plain = realImage(this, 'hfsj-plain.sparsebundle.tgz').file
    const locked = realImage(this, 'hfsj-aes128-v2.sparsebundle.tgz').file
    expect(await verified(plain)).to.deep.include({ code: 0 })
    expect((await verified(plain)).results[0]?.inside).to.deep.equal({ checked: true, says: 'HFS+ "Test1"' })

    const without = await verified(plain, locked)
    expect(without.code).to.equal(1)
    expect(without.results[1]).to.include({ state: 'complete' })
    expect(without.results[1]?.inside).to.deep.equal({
      checked: false,
      says: 'it is encrypted and no passphrase for it was given',
    })
    const opened = await verified(plain, locked, '--passphrase-file', secret('foo'))
    expect(opened.code).to.equal(0)
    expect(opened.results[1]?.inside).to.include({ checked: true })
    expect(opened.results[1]?.inside?.says).to.match(/^HFS\+ "/)
    const wrong = await verified(locked, '--passphrase-file', secret('bar'))
    expect(wrong.code).to.equal(1)
    expect(wrong.results[0]?.inside?.checked).to.equal(false)

    const { stdout } = await runCli('verify', '--level', 'volume', plain, locked)
    expect(stdout).to.match(/\n {2}inside: HFS\+ "Test1"\n/)
    expect(stdout).to.match(/\n {2}inside: not checked, because it is encrypted/)
    expect((await runCli('verify', plain)).stdout).to.not.contain('inside')
    expect((await runCli('verify', '--level', 'deep', plain)).code).to.equal(64)
  })

  it('finds damage that no structure shows, also of a disk that only its passphrase opens', async function () {
    for (const [archive, ...args] of [
      ['hfsj-plain.sparsebundle.tgz'],
      ['hfsj-aes128-v2.sparsebundle.tgz', '--passphrase-file', secret('foo')],
    ] as [string, ...string[]][]) {
      const { file } = realImage(this, archive)
      const band = openSync(join(file, 'bands/0'), 'r+')
      writeSync(band, Buffer.alloc(512, 7), 0, 512, 1024)
      closeSync(band)
      expect((await runCli('verify', file)).code).to.equal(0)
      const { code, results } = await verified(file, ...args)
      expect(code).to.equal(2)
      expect(results[0]).to.include({ state: 'damaged' })
      expect(results[0]?.findings.map(({ code }) => code)).to.include('hfs-header-damaged')
    }
  })

  it('opens every section’s copy with the passphrase that is configured for the image', async function () {
    const lab = makeLab()
    const image = join(lab.source, 'A.sparsebundle')
    cpSync(realImage(this, 'hfsj-aes128-v2.sparsebundle.tgz').file, image, {
      recursive: true,
      preserveTimestamps: true,
    })
    protect(lab, { passphrases: [{ match: { path: image }, file: secret('foo') }] })
    await runSession('ours', lab)
    const { code, results } = await verified(image, '--config', lab.configurationFile)
    expect(code).to.equal(0)
    expect(results.map(({ section, inside }) => [section, inside?.checked])).to.deep.equal([
      [null, true],
      [0, true],
    ])
  })
})
