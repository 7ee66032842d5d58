import {
  cpSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'chai'
import { imageDigest, simulatedMac, type SimulatedMac } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import type { Lab } from '../support/session/index.js'
import { stopClients } from './support/client-night.js'
import { labOver, needWay, ourWays, ways, type Over } from './support/over.js'
import { night } from './support/night.js'

interface Scene {
  readonly lab: Lab
  readonly mac: SimulatedMac
  readonly stateFolder: string
}

async function home(
  over: Over,
  settings: Record<string, string> = {},
  config: Record<string, unknown> = {},
): Promise<Scene> {
  const lab = await labOver(over, { settings })
  const mac = simulatedMac(lab.source, 1, lab.backupSource)
  mac.addUser('bob', { fileVault: 'sparsebundle' })
  return { lab, mac, stateFolder: protect(lab, { ...mac.configuration, ...config }) }
}

const inSection = (lab: Lab, number = 0): string =>
  join(lab.destination, `Section.${String(number)}`, 'source/bob/bob.sparsebundle')

/** Every copy of bob's image there is, by digest. */
function digests({ lab }: Scene): string[] {
  const sections = lab.sections().map((name) => join(lab.destination, name, 'source/bob/bob.sparsebundle'))
  const kept = join(lab.destination, '.lbackup-filevault/kept')
  const generations = existsSync(kept)
    ? readdirSync(kept).flatMap((slot) =>
        readdirSync(join(kept, slot))
          .filter((name) => name !== 'current' && name !== 'set-aside')
          .map((name) => join(kept, slot, name, 'bob.sparsebundle')),
      )
    : []
  return [...sections, ...generations].filter((path) => existsSync(path)).map(imageDigest)
}

for (const way of ways) {
  const { host, over, told } = way
  describe(`keeping, ${told}`, function () {
    this.timeout(180_000)
    before(function () {
      needWay(this, way)
    })
    afterEach(stopClients)

    it('a user who is logged in at night keeps his newest good copy at its place, with its date', async () => {
      const scene = await home(over)
      const { lab, mac, stateFolder } = scene
      const first = await night(host, lab, stateFolder)
      expect(first.image('bob.sparsebundle')).to.include({ verdict: 'proven', loudness: 'fine' })
      const good = imageDigest(inSection(lab))
      mac.logIn('bob')
      mac.write('bob')
      const second = await night(host, lab, stateFolder)
      expect(second.exitCode).to.equal(0)
      expect(second.image('bob.sparsebundle')).to.include({ verdict: 'not-backed-up', loudness: 'fine' })
      expect(second.image('bob.sparsebundle').kept).to.include({ done: 'older-copy', proven: true })
      expect(second.image('bob.sparsebundle').reason).to.match(
        /in use by .*; the newest good copy, of 20.*, lies at its place$/,
      )
      expect(imageDigest(inSection(lab))).to.equal(good)
      expect(existsSync(join(lab.destination, 'Section.0/source/.bob'))).to.be.false
      expect(readFileSync(join(lab.destination, 'Section.0/FILEVAULT-README.txt'), 'utf8')).to.match(
        /bob\.sparsebundle\n {2}was not copied this night \(.*\)\. What lies here is its newest copy that was proven, of 20/,
      )
      mac.logOut('bob')
      const third = await night(host, lab, stateFolder)
      expect(third.image('bob.sparsebundle')).to.include({ verdict: 'proven' })
      expect(imageDigest(inSection(lab))).to.equal(imageDigest(mac.imageOf('bob')))
      // What was kept is not stored again: the band that did not change is the same file in all three.
      const inode = (number: number): number => statSync(join(inSection(lab, number), 'Info.plist')).ino
      expect([inode(0), inode(1)]).to.deep.equal([inode(2), inode(2)])
    })

    it('a band rewritten within 20 s of its last copy is found and repaired, and older sections stay', async () => {
      const scene = await home(over)
      const { lab, mac, stateFolder } = scene
      await night(host, lab, stateFolder)
      const before = imageDigest(inSection(lab))
      const band = join(mac.imageOf('bob'), 'bands/0')
      const { mtimeMs, size } = statSync(band)
      writeFileSync(band, Buffer.alloc(size, 'rewritten'))
      // Not later, which may be in the future yet.
      utimesSync(band, mtimeMs / 1000 - 5, mtimeMs / 1000 - 5)
      const result = await night(host, lab, stateFolder)
      expect(result.image('bob.sparsebundle')).to.include({ verdict: 'proven', loudness: 'fine' })
      expect(result.image('bob.sparsebundle').kept).to.deep.equal({ done: 'repaired' })
      expect(result.image('bob.sparsebundle').reason).to.match(
        /^1 member of the copy was wrong and copied again \(bands\/0/,
      )
      expect(imageDigest(inSection(lab))).to.equal(imageDigest(mac.imageOf('bob')))
      expect(imageDigest(inSection(lab, 1))).to.equal(before)
      const again = await night(host, lab, stateFolder)
      expect(again.image('bob.sparsebundle').proof).to.include({ read: 0 })
      expect(statSync(join(inSection(lab), 'bands/0')).ino).to.equal(statSync(join(inSection(lab, 1), 'bands/0')).ino)
    })
  })
}

for (const way of ourWays) {
  const { over, told } = way
  describe(`keeping what is not backed up, ${told}`, function () {
    this.timeout(300_000)
    before(function () {
      needWay(this, way)
    })
    afterEach(stopClients)

    // Over ssh they are the same nights, ten times as long.
    for (const numRotations of over === 'ssh' ? [2] : [1, 2, 8]) {
      it(`an image in use for twenty nights, numRotations ${String(numRotations)}, on a set begun without us`, async () => {
        const { lab, mac, stateFolder } = await home(over, { numRotations: String(numRotations) })
        const hooks = join(lab.configurationFolder, 'resources')
        renameSync(hooks, `${hooks}.away`)
        for (const action of ['pre-actions', 'post-actions']) execFileSync('mkdir', ['-p', join(hooks, action)])
        const scene = { lab, mac, stateFolder }
        const without = (await import('../support/session/index.js')).runSession
        await without('ours', lab)
        const last = imageDigest(inSection(lab))
        rmSync(hooks, { recursive: true })
        renameSync(`${hooks}.away`, hooks)
        mac.logIn('bob')
        for (let count = 1; count <= (numRotations === 8 ? 20 : 5); count += 1) {
          mac.write('bob')
          const result = await night('ours', lab, stateFolder)
          expect(result.exitCode, result.said.join('\n')).to.equal(0)
          expect(imageDigest(inSection(lab)), `Section.0 after night ${String(count)}`).to.equal(last)
          expect(digests(scene)).to.include(last)
        }
        mac.logOut('bob')
        const free = await night('ours', lab, stateFolder)
        expect(free.image('bob.sparsebundle').verdict).to.equal('proven')
        expect(imageDigest(inSection(lab))).to.equal(imageDigest(mac.imageOf('bob')))
      })
    }

    it('a bad copy is set aside, one for each image, and the good one lies at its place', async () => {
      const { lab, mac, stateFolder } = await home(over, {}, { repair: 'off' })
      await night('ours', lab, stateFolder)
      const good = imageDigest(inSection(lab))
      for (let count = 0; count < 2; count += 1) {
        const band = join(mac.imageOf('bob'), 'bands/0')
        const { mtimeMs, size } = statSync(band)
        writeFileSync(band, Buffer.alloc(size, `rewritten ${String(count)}`))
        utimesSync(band, mtimeMs / 1000 + 1, mtimeMs / 1000 + 1)
        const result = await night('ours', lab, stateFolder)
        expect(result.image('bob.sparsebundle')).to.include({ verdict: 'bad', loudness: 'error' })
        expect(result.image('bob.sparsebundle').kept).to.include({ done: 'set-aside', proven: true })
        expect(imageDigest(inSection(lab))).to.equal(good)
      }
      const [slot = ''] = readdirSync(join(lab.destination, '.lbackup-filevault/kept'))
      const kept = join(lab.destination, '.lbackup-filevault/kept', slot)
      expect(readdirSync(kept)).to.deep.equal(['set-aside'])
      expect(readdirSync(join(kept, 'set-aside')).sort()).to.deep.equal([`${slot}.json`, 'bob.sparsebundle'])
    })

    it('a bad copy stays where nothing better is known, without the bands that rsync would hand on', async () => {
      const { lab, mac, stateFolder } = await home(over, {}, { repair: 'off', verify: { level: 'structure' } })
      await night('ours', lab, stateFolder)
      rmSync(join(stateFolder, 'slots.json'))
      rmSync(join(lab.destination, 'Section.0/source/bob/bob.sparsebundle/Info.plist'))
      rmSync(join(lab.destination, 'Section.0/source/bob/bob.sparsebundle/Info.bckup'))
      rmSync(join(lab.destination, 'Section.0/source/bob/bob.sparsebundle/token'))
      protect(lab, { ...mac.configuration, repair: 'off', stateFolder })
      const band = join(mac.imageOf('bob'), 'bands/0')
      const { mtimeMs, size } = statSync(band)
      writeFileSync(band, Buffer.alloc(size, 'rewritten'))
      utimesSync(band, mtimeMs / 1000 + 1, mtimeMs / 1000 + 1)
      const result = await night('ours', lab, stateFolder)
      expect(result.image('bob.sparsebundle')).to.include({ verdict: 'bad' })
      expect(result.image('bob.sparsebundle').kept).to.deep.equal({ done: 'unproven' })
      expect(existsSync(join(inSection(lab), 'bands/0'))).to.be.false
      const next = await night('ours', lab, stateFolder)
      expect(next.image('bob.sparsebundle').verdict).to.equal('proven')
      expect(imageDigest(inSection(lab))).to.equal(imageDigest(mac.imageOf('bob')))
    })

    it('a copy opened for writing is an error that names the copies that share it, and is no longer vouched for', async () => {
      const { lab, stateFolder } = await home(over)
      await night('ours', lab, stateFolder)
      await night('ours', lab, stateFolder)
      writeFileSync(join(inSection(lab), 'bands/0'), 'Finder was here')
      const result = await night('ours', lab, stateFolder)
      expect(result.said.find((line) => line.includes('opened a copy for writing'))).to.match(
        /^ERROR! Somebody opened a copy for writing: bands\/0 was written at 20.*, and Section\.0 and Section\.1 share it/,
      )
      // What rsync linked of it is found and repaired.
      expect(result.image('bob.sparsebundle').verdict).to.equal('proven')
    })

    it('an image that is gone at the source is kept outside of rotation', async () => {
      const scene = await home(over, { numRotations: '2' }, { search: { mayBeEmpty: true } })
      const { lab, mac, stateFolder } = scene
      await night('ours', lab, stateFolder)
      const good = imageDigest(inSection(lab))
      const away = join(lab.folder, 'away')
      cpSync(mac.imageOf('bob'), away, { recursive: true })
      rmSync(mac.imageOf('bob'), { recursive: true })
      for (let count = 0; count < 4; count += 1) await night('ours', lab, stateFolder)
      expect(digests(scene)).to.deep.equal([good])
    })
  })
}
