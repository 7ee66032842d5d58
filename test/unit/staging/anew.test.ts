import { chownSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { freeze } from '../../../lib/staging/freeze.js'
import { endStaging } from '../../../lib/staging/remove.js'
import { rewrite } from '../../scenario/support/set.js'
import { imageDigest } from '../../support/mac/index.js'
import { reflinkDisk, unmountReflinkDisks } from '../../support/reflink-disk.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'
import { codeOf, owner, slot, stagingLab, type StagingLab } from './lab.js'

describe('an image that is to be frozen anew', function () {
  this.timeout(120_000)
  let lab: StagingLab
  before(function () {
    if (process.geteuid?.() !== 0) skip(this, 'needs root, who mounts')
  })
  beforeEach(function () {
    lab = stagingLab(reflinkDisk(this, temporaryFolder(), 'xfs', 400))
  })
  afterEach(unmountReflinkDisks)

  it('keeps what was frozen at rest where the image cannot be frozen anew, and says so', async () => {
    const before = imageDigest(lab.image)
    const first = await freeze({ ...lab.request(), image: lab.subject() })
    const since = 'entry' in first && first.entry.atRestSince
    rewrite(join(lab.image, 'bands/0'), 60)
    writeFileSync(join(lab.image, 'bands/9'), 'of root')
    const again = await freeze({ ...lab.request(), image: lab.subject() })
    expect('because' in again && again.because).to.match(/bands\/9 belongs to somebody else/)
    const { images, refused } = await lab.stage()
    expect(refused.get(slot)).to.match(/bands\/9 belongs to somebody else/)
    expect(images.get(slot)).to.include({ asFrozen: true })
    expect(images.get(slot)?.entry).to.include({ standing: true, kept: true, atRestSince: since })
    expect(imageDigest(lab.place)).to.equal(before)
  })

  it('holds nothing of another image that had the slot before', async () => {
    await freeze({ ...lab.request(), image: lab.subject({ identity: 'file:0' }) })
    writeFileSync(join(lab.image, 'bands/9'), 'of root')
    const { images, refused } = await lab.stage()
    expect([images.size, refused.size]).to.deep.equal([0, 1])
    expect([lab.standing(), lab.book()]).to.deep.equal([[], undefined])
  })

  it('keeps what was frozen at rest where the image comes into use while it is frozen anew', async () => {
    const before = imageDigest(lab.image)
    await freeze({ ...lab.request(), image: lab.subject() })
    rewrite(join(lab.image, 'bands/0'), 60)
    const nobody = { atRest: () => Promise.resolve(new Set<string>()) }
    const again = await freeze({ ...lab.request(), image: lab.subject(), ...nobody })
    expect('because' in again && again.because).to.match(/came into use/)
    const { images, refused } = await lab.stage(nobody)
    expect([...refused]).to.deep.equal([])
    expect(images.get(slot)).to.include({ asFrozen: true, atRest: true })
    expect(imageDigest(lab.place)).to.equal(before)
    await endStaging(lab.system, lab.stateFolder)
    const anew = await lab.stage()
    expect(anew.images.get(slot)).to.include({ asFrozen: false, atRest: true })
    expect(imageDigest(lab.place)).to.equal(imageDigest(lab.image))
    await endStaging(lab.system, lab.stateFolder)
    expect(lab.standing(), 'kept for the nights to come').to.deep.equal([slot])
  })

  it('looks at nothing else that is frozen where one more image is', async () => {
    const eve = lab.another('eve')
    await freeze({ ...lab.request(), image: eve })
    const request = lab.request()
    const looked: string[] = []
    const look: typeof request.look = (orders) => {
      looked.push(...orders.map(({ path }) => path))
      return request.look(orders)
    }
    await freeze({ ...lab.request({ look }), image: lab.subject() })
    expect(looked.filter((path) => path.includes(eve.slot))).to.deep.equal([])
    expect(looked.filter((path) => path.includes(slot))).to.have.length(1)
    const { images } = await lab.stage({ images: [], asFrozen: new Set([slot, eve.slot]) })
    expect([...images.keys()]).to.have.members([slot, eve.slot])
  })

  it('lets what was frozen before go where there is no room for both, but not for a daemon that may fail', async function () {
    const band = join(lab.image, 'bands/0')
    writeFileSync(band, Buffer.alloc(200 * 1024 * 1024, 7))
    await freeze({ ...lab.request(), image: lab.subject() })
    writeFileSync(band, 'little')
    chownSync(band, owner, owner)
    const narrow = { reservePercent: 60 }
    expect(await codeOf(() => freeze({ ...lab.request(narrow), image: lab.subject() }))).to.equal('staging-no-room')
    expect(lab.standing()).to.deep.equal([slot])
    const { images } = await lab.stage(narrow)
    expect(images.get(slot)).to.include({ asFrozen: false, atRest: true })
    expect(imageDigest(lab.place)).to.equal(imageDigest(lab.image))
  })
})
