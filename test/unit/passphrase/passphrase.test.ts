import { Buffer } from 'node:buffer'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { passphraseFor } from '../../../lib/passphrase/choose.js'
import { withPassphrase } from '../../../lib/passphrase/passphrase.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { fakeMac } from '../../support/fake-mac.js'
import { temporaryFolder } from '../../support/temporary.js'

function file(bytes: string | Buffer): { file: ReturnType<typeof fromText> } {
  const path = join(temporaryFolder(), 'passphrase')
  writeFileSync(path, bytes, { mode: 0o600 })
  return { file: fromText(path) }
}

describe('a passphrase', () => {
  const mac = () => fakeMac({ faults: { security: { stdout: 'sesame\n' } } })

  it('is the bytes up to the first LF or NUL, as they are', async () => {
    const { system } = mac()
    const latin1 = Buffer.from([0xe4, 0x20, 0x0d])
    for (const [content, wanted] of [
      ['sesame', Buffer.from('sesame')],
      ['sesame\nand more', Buffer.from('sesame')],
      ['sesame\0and more\n', Buffer.from('sesame')],
      [Buffer.concat([latin1, Buffer.from('\n')]), latin1],
      ['x'.repeat(4096) + '\n', Buffer.alloc(4096, 'x')],
    ] as const) {
      await withPassphrase(file(content), system, (bytes) => expect(bytes.equals(wanted)).to.equal(true))
    }
  })

  it('is overwritten after use, and also where its use fails; so is what lay behind it', async () => {
    const { system } = mac()
    const kept: Buffer[] = []
    for (const source of [file('sesame\nanother'), { keychain: 'service' }]) {
      await withPassphrase(source, system, (bytes) => {
        // All of the memory that was read into.
        const memory = Buffer.from(bytes.buffer)
        kept.push(memory, bytes)
        expect(bytes.toString()).to.equal('sesame')
        expect(memory.includes('another')).to.equal(false)
      })
      const failing = withPassphrase(source, system, (bytes) => {
        kept.push(bytes)
        throw new Error('of use')
      })
      expect(await failing.catch((error: Error) => error.message)).to.equal('of use')
    }
    expect(kept).to.have.lengthOf(6)
    for (const bytes of kept) expect(bytes.every((byte) => byte === 0)).to.equal(true)
  })

  it('is found by the first entry that matches, which may have none', () => {
    const entries = [
      { match: { user: 'eve' } },
      { match: { path: '/Users/*/secret.sparsebundle' }, keychain: 'secret' },
      { file: '/etc/all' },
    ]
    const from = (user: string, path: string) => passphraseFor(entries, { user, path })
    expect(from('eve', '/Users/eve/secret.sparsebundle')).to.equal(undefined)
    expect(from('bob', '/Users/bob/secret.sparsebundle')).to.deep.equal({ keychain: 'secret' })
    expect(from('bob', '/Users/bob/other.sparsebundle')).to.deep.equal({ file: '/etc/all' })
    expect(passphraseFor([], { user: 'bob', path: '/' })).to.equal(undefined)
  })
})
