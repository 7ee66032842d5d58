import { renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { content } from '../support/image-writer/content.js'
import { clearTextOf, imageDigest, simulatedMac, unmountHomes, type SimulatedMac } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import type { Lab } from '../support/session/index.js'
import { stopClients } from './support/client-night.js'
import { labOver, needWay, ourWays, ways, type Over } from './support/over.js'
import { copied, filesHolding, night, slowly, type Night } from './support/night.js'

// Nothing that rsync could make smaller on its way: the sender must not be done before its turn.
const large = (name: string): Buffer => content(name, 192 * 1024)

interface Scene {
  readonly lab: Lab
  readonly mac: SimulatedMac
  readonly stateFolder: string
}

/** Homes of which rsync takes alice's before bob's and zoe's after it; a slow rsync that names each file. */
async function homes(over: Over, settings: Record<string, string> = {}): Promise<Scene> {
  const lab = await labOver(over, { settings: { ...slowly, post_actions_on_backup_error: 'YES', ...settings } })
  const mac = simulatedMac(lab.source, 1, lab.backupSource)
  for (const name of ['alice', 'zoe']) {
    mac.addUser(name)
    for (const file of ['1', '2']) writeFileSync(join(lab.source, name, file), large(`${name} ${file}`))
  }
  mac.addUser('bob', { fileVault: 'sparsebundle' })
  for (const index of [7, 8, 9]) writeFileSync(join(mac.imageOf('bob'), 'bands', String(index)), large(String(index)))
  return { lab, mac, stateFolder: protect(lab, mac.configuration) }
}

const others = ['alice/1', 'alice/2', 'zoe/1', 'zoe/2', 'zoe/Documents/letter.txt']

function expectNoClearText({ lab }: Scene): void {
  expect(filesHolding(lab, clearTextOf('bob'))).to.deep.equal([])
  expect(copied(lab).filter((path) => /secret|Library/.test(path))).to.deep.equal([])
}

/** A verdict that nobody takes for a good copy, with the reason. */
function expectAbsent({ image }: Night): void {
  expect(image('bob.sparsebundle')).to.include({ verdict: 'bad', loudness: 'error' })
  expect(image('bob.sparsebundle').reason).to.contain('the image left its place during the run')
}

for (const way of ways) {
  const { host, over, told } = way
  describe(`a login during LBackup's pause, ${told}`, function () {
    this.timeout(180_000)
    before(function () {
      needWay(this, way)
    })
    afterEach(stopClients)

    it('no clear text gets into the section, and the others are whole', async () => {
      const scene = await homes(over)
      const { lab, mac, stateFolder } = scene
      const result = await night(host, lab, stateFolder, { at: { 'before-rsync': () => mac.logIn('bob') } })
      expect(result.exitCode).to.equal(0)
      expectNoClearText(scene)
      expect(copied(lab)).to.include.members(others)
      expectAbsent(result)
      expect(result.said.find((line) => line.startsWith('ERROR! '))).to.match(
        /^ERROR! bad: .*bob\.sparsebundle \(bob\): there is no copy: the image left its place .* logs in or out\. No complete copy .* Look closer: .* The next backup tries again; until it is complete, keep the older sections\.$/,
      )
    })

    it('an image that moves while rsync is inside it is never called complete', async () => {
      const scene = await homes(over, { ignore_rsync_vanished_files: 'YES' })
      const { lab, mac, stateFolder } = scene
      const result = await night(host, lab, stateFolder, {
        occasions: [{ logged: /bob\.sparsebundle\/bands\/7$/m, stop: true, act: () => mac.logIn('bob') }],
      })
      expect(result.log).to.contain('(code 24)')
      expect(result.exitCode).to.equal(0)
      expectNoClearText(scene)
      expect(copied(lab)).to.include.members(others)
      expect(result.image('bob.sparsebundle').verdict).to.be.oneOf(['suspect', 'bad'])
      expect(result.image('bob.sparsebundle').loudness).not.to.equal('fine')
    })
  })
}

for (const way of ourWays) {
  const { over, told } = way
  describe(`a login while rsync copies, ${told}`, function () {
    this.timeout(180_000)
    before(function () {
      needWay(this, way)
    })
    afterEach(unmountHomes)
    afterEach(stopClients)

    it('before his turn: no clear text, the others whole, no copy of his image', async () => {
      const scene = await homes(over, { ignore_rsync_vanished_files: 'YES' })
      const { lab, mac, stateFolder } = scene
      const result = await night('ours', lab, stateFolder, {
        occasions: [{ logged: /^source\/alice\/1$/m, stop: true, act: () => mac.logIn('bob') }],
      })
      expect(result.exitCode).to.equal(0)
      expectNoClearText(scene)
      expect(copied(lab)).to.include.members(others)
      expect(result.image('bob.sparsebundle')).to.include({ verdict: 'bad', loudness: 'error' })
    })

    it('after his turn: his copy is whole, and still only suspect', async () => {
      const scene = await homes(over)
      const { lab, mac, stateFolder } = scene
      const before = imageDigest(mac.imageOf('bob'))
      const result = await night('ours', lab, stateFolder, {
        occasions: [{ logged: /^source\/zoe\/1$/m, stop: true, act: () => mac.logIn('bob') }],
      })
      expect(result.exitCode).to.equal(0)
      expectNoClearText(scene)
      expect(copied(lab)).to.include.members(others)
      const copy = join(lab.destination, 'Section.0/source/bob/bob.sparsebundle')
      expect(imageDigest(copy)).to.equal(before)
      expect(result.image('bob.sparsebundle')).to.include({ verdict: 'suspect', loudness: 'warning' })
    })

    it('inside his image, where LBackup fails on vanished files: nothing new, nothing judged, all of it said', async () => {
      const scene = await homes(over, { ignore_rsync_vanished_files: 'NO' })
      const { lab, mac, stateFolder } = scene
      const first = await night('ours', lab, stateFolder)
      expect(first.image('bob.sparsebundle').verdict).to.equal('proven')
      for (const index of [7, 8, 9]) {
        const band = join(mac.imageOf('bob'), 'bands', String(index))
        writeFileSync(band, large(`other ${String(index)}`))
        utimesSync(band, 1_000_000_000, 1_000_000_000)
      }
      const failed = await night('ours', lab, stateFolder, {
        occasions: [{ logged: /bob\.sparsebundle\/bands\/7$/m, stop: true, act: () => mac.logIn('bob') }],
      })
      expect(failed.exitCode).to.equal(255)
      expect(failed.codes).to.deep.equal(['no-new-section'])
      expect(failed.report.images).to.deep.equal([])
      expect(failed.said.at(-1)).to.contain('0 images (0 entries searched')
      expect(failed.status.slots.map(({ lastVerdict }) => lastVerdict)).to.deep.equal(['proven'])
      mac.logOut('bob')
      const next = await night('ours', lab, stateFolder)
      expect(next.exitCode).to.equal(0)
      expect(next.image('bob.sparsebundle').verdict).to.equal('proven')
      expect(imageDigest(join(lab.destination, 'Section.0/source/bob/bob.sparsebundle'))).to.equal(
        imageDigest(mac.imageOf('bob')),
      )
    })

    it('an image that leaves and comes back unchanged while rsync is inside it is copied again, and proven', async () => {
      const { lab, mac, stateFolder } = await homes(over, { ignore_rsync_vanished_files: 'YES' })
      const [lies, away] = [mac.imageOf('bob'), `${mac.imageOf('bob')}.away`]
      const result = await night('ours', lab, stateFolder, {
        occasions: [
          { logged: /bob\.sparsebundle\/bands\/7$/m, stop: true, act: () => renameSync(lies, away) },
          { logged: /^source\/zoe\/1$/m, stop: true, act: () => renameSync(away, lies) },
        ],
      })
      expect(result.exitCode).to.equal(0)
      expect(result.image('bob.sparsebundle')).to.include({ verdict: 'proven', loudness: 'fine' })
      expect(result.image('bob.sparsebundle').reason).to.match(
        /^\d members? of the copy (was|were) wrong and copied again \(.* missing in the copy/,
      )
      expect(imageDigest(join(lab.destination, 'Section.0/source/bob/bob.sparsebundle'))).to.equal(imageDigest(lies))
    })

    it('another image that appears in mid-run is named, and never taken for planned', async () => {
      const { lab, mac, stateFolder } = await homes(over)
      const result = await night('ours', lab, stateFolder, {
        at: { 'before-rsync': () => mac.addUser('dora', { fileVault: 'sparsebundle' }) },
      })
      expect(result.image('dora/dora.sparsebundle')).to.include({ verdict: 'suspect', loudness: 'error' })
      expect(result.image('dora/dora.sparsebundle').reason).to.contain('no plan names it')
      expect(result.image('bob/bob.sparsebundle').verdict).to.equal('proven')
    })

    it('an image written while rsync copies it is a mixed copy, which is told and repaired', async () => {
      const { lab, mac, stateFolder } = await homes(over)
      const result = await night('ours', lab, stateFolder, {
        occasions: [{ logged: /bob\.sparsebundle\/bands\/8$/m, stop: true, act: () => mac.write('bob') }],
      })
      expect(result.image('bob.sparsebundle')).to.include({ verdict: 'proven', loudness: 'fine' })
      expect(result.image('bob.sparsebundle').reason).to.contain('the copy mixes two moments')
      expect(imageDigest(join(lab.destination, 'Section.0/source/bob/bob.sparsebundle'))).to.equal(
        imageDigest(mac.imageOf('bob')),
      )
    })
  })

  describe(`a logout while rsync copies, ${told}`, function () {
    this.timeout(180_000)
    before(function () {
      needWay(this, way)
    })
    afterEach(stopClients)

    for (const [when, logged] of Object.entries({
      before: /^source\/alice\/1$/m,
      inside: /bands\/8$/m,
      after: /^source\/zoe\/1$/m,
    })) {
      it(`${when} his turn adds no second image and no clear text`, async () => {
        const scene = await homes(over, { ignore_rsync_vanished_files: 'YES' })
        const { lab, mac } = scene
        const stateFolder = protect(lab, { ...mac.configuration, policies: [{ ifInUse: 'copy-and-prove' }] })
        mac.logIn('bob')
        const result = await night('ours', lab, stateFolder, {
          occasions: [{ logged, stop: true, act: () => mac.logOut('bob') }],
        })
        expect(result.exitCode).to.equal(0)
        expectNoClearText(scene)
        expect(copied(lab)).to.include.members(others)
        expect(result.image('bob.sparsebundle').verdict).to.be.oneOf(['suspect', 'bad'])
        expect(result.report.images).to.have.length(1)
      })
    }
  })
}
