import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { mebibyte, writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { imageDigest } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { makeLab, needHost, type Lab } from '../support/session/index.js'
import { skip } from '../support/skip.js'
import { clientMachine, settingsOfClient, type ClientMachine } from '../support/ssh/client-machine.js'
import { night } from './support/night.js'

describe('images on a client, with the real LBackup', function () {
  this.timeout(180_000)
  let lab: Lab
  let client: ClientMachine

  before(function () {
    needHost(this, 'real')
    if (process.geteuid?.() !== 0) skip(this, 'only root can give a client files of its own')
  })
  beforeEach(async () => {
    lab = makeLab({ settings: settingsOfClient })
    client = await clientMachine(lab)
  })
  afterEach(() => client.stop())

  it('are proven through the gate; a change that LBackup misses is repaired, and the older section stays', async () => {
    const stateFolder = protect(lab, { tools: { ssh: client.ssh } })
    const image = join(client.source, 'alice/Work.sparsebundle')
    const copy = (section: number): string =>
      join(lab.destination, `Section.${String(section)}`, 'source/alice/Work.sparsebundle')
    writeSparseBundle(image, { bands: [0, 1, 2].map((index) => ({ index, length: mebibyte })) })
    const first = await night('real', lab, stateFolder, { ssh: client.ssh })
    expect(first.image('alice/Work.sparsebundle'), first.output).to.include({ verdict: 'proven', loudness: 'fine' })
    const before = imageDigest(image)
    expect(imageDigest(copy(0))).to.equal(before)
    const band = join(image, 'bands/1')
    const { mtimeMs } = statSync(band)
    writeFileSync(band, Buffer.alloc(mebibyte, 'rewritten'))
    utimesSync(band, mtimeMs / 1000 - 5, mtimeMs / 1000 - 5)
    const second = await night('real', lab, stateFolder, { ssh: client.ssh })
    expect(second.image('alice/Work.sparsebundle').kept, second.output).to.deep.equal({ done: 'repaired' })
    expect(imageDigest(copy(0))).to.equal(imageDigest(image))
    expect(imageDigest(copy(1))).to.equal(before)
    expect(readFileSync(lab.excludesFile, 'utf8')).to.equal('')
  })
})
