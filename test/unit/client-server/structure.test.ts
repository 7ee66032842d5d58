import { cpSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect } from 'chai'
import { clientDiscovery } from '../../../lib/client/discovery.js'
import { clientStructure } from '../../../lib/client/structure.js'
import type { ClientMembers } from '../../../lib/client/members.js'
import type { Structure } from '../../../lib/image/structure-type.js'
import { lookAtStructure } from '../../../lib/look/structure.js'
import { v1Header, v2Header } from '../../support/image-writer/encryption-header.js'
import { mebibyte, writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { writeSparseImage } from '../../support/image-writer/sparse-image.js'
import { realImage } from '../../support/real-images.js'
import { shared } from '../../support/shared.js'
import { temporaryFolder } from '../../support/temporary.js'
import { search } from '../discover/search.js'
import { localClient } from './support.js'

/** Everything that is told of the images in a folder, here and by the client. */
function bothWays(root: string) {
  const client = localClient(root)
  const look = client.look()
  const members = client.members(look)
  const here = search(root)
  const there = clientDiscovery(look, {})
  const options = { inUse: false, linksAreNews: true }
  return {
    here,
    there,
    structures: here.images.map((image) => {
      const told = look.images.find(({ path }) => path === image.path)
      return {
        path: basename(image.path),
        here: lookAtStructure(image, options),
        there: told && clientStructure(told, members.get(image.path) as ClientMembers, options),
      }
    }),
  }
}

/** Times that are looked at here are finer than a client tells them, and the fingerprint is of them. */
function expectSame(there: Structure | undefined, here: Structure, path: string): void {
  const [mine, theirs] = [here, there].map((one) => ({ ...one, fingerprint: undefined, newestChange: undefined }))
  expect(theirs, path).to.deep.equal(mine)
  expect(there?.fingerprint, path).to.match(/^[0-9a-f]{64}$/)
  expect(there?.newestChange, path).to.be.closeTo(here.newestChange, 0.01)
}

function expectAlike(root: string, count: number): ReturnType<typeof bothWays> {
  const both = bothWays(root)
  expect(both.here.images).to.have.length(count)
  // A client tells when an image was made in whole seconds.
  const inSeconds = both.here.images.map((image) => ({
    ...image,
    identity: image.identity.replace(/^(file:\d+-\d+)\d{3}-/, '$1000-'),
  }))
  expect(both.there.images).to.deep.equal(inSeconds)
  for (const { path, here, there } of both.structures) {
    expectSame(there, here, path)
  }
  return both
}

describe('an image as a client tells it', function () {
  this.timeout(120_000)

  it('is the same image, with the same structure, as one that is looked at here', () => {
    const root = temporaryFolder()
    const at = (name: string): string => join(root, 'bob', name)
    const bands = [0, 1, 3].map((index) => ({ index, length: mebibyte }))
    writeSparseBundle(at('Plain.sparsebundle'), { bands })
    writeSparseBundle(at('Mapped.sparsebundle'), { bands, mapped: true, lock: true })
    writeSparseBundle(at('Secret.sparsebundle'), { bands, token: v2Header('secret') })
    writeSparseImage(at('Disk.sparseimage'), { sectorsPerBand: 2048, sectors: 8 * 2048, slots: [0, 3, 1] })
    writeFileSync(at('Old.sparseimage'), Buffer.concat([Buffer.alloc(mebibyte, 1), v1Header('old')]))
    writeFileSync(
      at('New.sparseimage'),
      Buffer.concat([v2Header('new', { dataLength: mebibyte }), Buffer.alloc(mebibyte)]),
    )
    const { structures } = expectAlike(root, 6)
    expect(structures.map(({ here }) => here.fingerprint)).to.satisfy(
      (all: string[]) => new Set(all).size === all.length,
      'the premise: no two are alike',
    )
  })

  it('has the same damage', () => {
    const root = temporaryFolder()
    const damage: Record<string, (path: string) => void> = {
      'no-token': (path) => rmSync(join(path, 'token')),
      'no-bands': (path) => rmSync(join(path, 'bands'), { recursive: true }),
      'bands-file': (path) => {
        rmSync(join(path, 'bands'), { recursive: true })
        writeFileSync(join(path, 'bands'), '')
      },
      'short-mapped': (path) => truncateSync(join(path, 'bands/0'), 4096),
      'bad-bitmap': (path) => writeFileSync(join(path, 'mapped/1'), Buffer.alloc(5000, 0xff)),
      'long-band': (path) => writeFileSync(join(path, 'bands/2'), Buffer.alloc(mebibyte + 1)),
      'odd-names': (path) => {
        for (const name of ['0A', 'x y', '.DS_Store', 'ff']) writeFileSync(join(path, 'bands', name), 'x')
        mkdirSync(join(path, 'bands/5'))
      },
      'no-plist': (path) => rmSync(join(path, 'Info.plist')),
      'bad-plist': (path) => writeFileSync(join(path, 'Info.plist'), '<plist>'),
      'long-plist': (path) => writeFileSync(join(path, 'Info.plist'), Buffer.alloc(mebibyte + 1, ' ')),
    }
    for (const [name, harm] of Object.entries(damage)) {
      const path = join(root, 'bob', `${name}.sparsebundle`)
      writeSparseBundle(path, { seed: name, bands: [0, 1].map((index) => ({ index, length: mebibyte })), mapped: true })
      harm(path)
    }
    const short = join(root, 'bob/short.sparseimage')
    writeSparseImage(short, { sectorsPerBand: 2048, sectors: 8 * 2048, slots: [0, 3, 1] })
    truncateSync(short, 2 * mebibyte)
    const { structures } = expectAlike(root, Object.keys(damage).length + 1)
    const sound = structures.filter(({ here }) => here.findings.length === 0).map(({ path }) => path)
    expect(sound, 'the premise: they are damaged').to.deep.equal([])
  })

  it('is the same for the real images', function () {
    const archives = readdirSync(shared(this, 'images')).filter((name) => name.endsWith('.tgz'))
    const root = temporaryFolder()
    for (const archive of archives) {
      const { file } = realImage(this, archive)
      const folder = join(root, basename(archive, '.tgz').replaceAll('.', '-'))
      cpSync(file, join(folder, basename(file)), { recursive: true, preserveTimestamps: true })
    }
    expectAlike(root, archives.length)
  })

  it('is another one once a single byte of its facts is another', () => {
    const root = temporaryFolder()
    writeSparseBundle(join(root, 'bob/Plain.sparsebundle'), { bands: [{ index: 0, length: mebibyte }] })
    const client = localClient(root)
    const look = client.look()
    const [image] = look.images
    const members = (): ClientMembers => [...client.members(look).values()][0] as ClientMembers
    const options = { inUse: false, linksAreNews: true }
    const before = clientStructure(image as never, members(), options).fingerprint
    writeFileSync(join(root, 'bob/Plain.sparsebundle/bands/1'), 'x')
    expect(clientStructure(image as never, members(), options).fingerprint).not.to.equal(before)
  })
})
