import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Buffer } from 'node:buffer'
import { expect } from 'chai'
import type { Context } from 'mocha'
import { exportDisk } from '../../../lib/disk/export.js'
import { unlockImage } from '../../../lib/disk/unlock.js'
import type { Container } from '../../../lib/image/image.js'
import { fileOutput } from '../../../lib/system/disk-output.js'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'
import { content } from '../../support/image-writer/content.js'
import { writeDiskBundle, writeDiskImage } from '../../support/image-writer/disk-image.js'
import { realImage } from '../../support/real-images.js'
import { shared } from '../../support/shared.js'
import { temporaryFolder } from '../../support/temporary.js'
import { tool } from '../../support/tool.js'

interface Listed {
  readonly path: string
  readonly size: number
  readonly sha256: string
}

interface Expected {
  readonly passphrase: string | null
  readonly disk_sha256: string
  readonly files_by_7zz?: readonly Listed[]
}

const expectedOf = (context: Context): Record<string, Expected> =>
  JSON.parse(readFileSync(shared(context, 'images/expected.json'), 'utf8')) as Record<string, Expected>

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

async function exported(image: { path: RawPath; container: Container }, passphrase: string | null): Promise<string> {
  const file = join(temporaryFolder(), 'disk')
  await exportDisk(image, unlockImage(image, Buffer.from(passphrase ?? '')), fileOutput(fromText(file)))
  return file
}

describe('an exported disk', function () {
  this.timeout(120_000)

  it('is the disk, with holes for its zeros, and for its owner alone', async function () {
    for (const [archive, { passphrase, disk_sha256: digest }] of Object.entries(expectedOf(this))) {
      const file = await exported(realImage(this, archive), passphrase)
      expect(sha256(readFileSync(file)), archive).to.equal(digest)
      const { mode, blocks, size } = statSync(file)
      expect(mode & 0o777, archive).to.equal(0o600)
      // Its directory of clusters and its files take little of this disk.
      if (archive.startsWith('fat16')) expect(blocks * 512).to.be.below(size / 4)
    }
  })

  it('has the files that 7-Zip found in it', async function () {
    for (const [archive, { passphrase, files_by_7zz: files }] of Object.entries(expectedOf(this))) {
      if (files === undefined) continue
      const file = await exported(realImage(this, archive), passphrase)
      const folder = temporaryFolder()
      tool(this, '7zz', 'x', '-y', `-o${folder}`, '-sns', file)
      for (const { path, size, sha256: digest } of files) {
        if (path.includes(':')) continue
        const bytes = readFileSync(join(folder, path))
        expect({ path, size: bytes.length, digest: sha256(bytes) }).to.deep.equal({ path, size, digest })
      }
      const listed = tool(this, '7zz', 'l', '-slt', '-sns', file)
      for (const { path } of files) expect(listed, archive).to.include(`Path = ${path}`)
    }
  })

  it('is a container of APFS again, out of an encrypted bundle', async function () {
    const made = join(temporaryFolder(), 'apfs')
    writeFileSync(made, '')
    truncateSync(made, 128 * 1024 * 1024)
    tool(this, 'mkapfs', '-L', 'Ledger', made)
    const path = join(temporaryFolder(), 'a.sparsebundle')
    const encryption = { version: 'v2', passphrase: 'p', keyBits: 256 } as const
    writeDiskBundle(path, readFileSync(made), { bandSize: 8 * 1024 * 1024, encryption })
    const file = await exported({ path: fromText(path), container: 'sparse-bundle' }, 'p')
    expect(tool(this, 'fsapfsinfo', file)).to.match(/Number of volumes\s*: 1\n[^]*Name\s*: Ledger/)
    expect(readFileSync(file).equals(readFileSync(made))).to.equal(true)
  })

  it('is a FAT volume again with all its files, out of an encrypted sparse image', async function () {
    const folder = temporaryFolder()
    const made = join(folder, 'fat')
    tool(this, 'mformat', '-i', made, '-C', '-T', '16384', '-v', 'LEDGER', '::')
    mkdirSync(join(folder, 'files'))
    for (let number = 0; number < 40; number += 1) {
      const name = join(folder, 'files', `page ${String(number)} of the ledger.txt`)
      writeFileSync(name, content(String(number), 1000 + number * 4567))
      tool(this, 'mcopy', '-i', made, name, '::')
    }
    const path = join(folder, 'a.sparseimage')
    writeDiskImage(path, readFileSync(made), { sectorsPerBand: 128, encryption: { version: 'v1', passphrase: 'p' } })
    const file = await exported({ path: fromText(path), container: 'sparse-image' }, 'p')
    const target = join(folder, 'read')
    mkdirSync(target)
    tool(this, 'mcopy', '-i', file, '-s', '::*', target)
    const names = readdirSync(join(folder, 'files'))
    expect(readdirSync(target).sort()).to.deep.equal(names.sort())
    for (const name of names) {
      expect(readFileSync(join(target, name)).equals(readFileSync(join(folder, 'files', name))), name).to.equal(true)
    }
  })
})
