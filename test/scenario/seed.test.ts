import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect } from 'chai'
import { holdOpen } from '../support/history/machine.js'
import { v2Header } from '../support/image-writer/encryption-header.js'
import { imageDigest } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { reflinkDisk, unmountReflinkDisks } from '../support/reflink-disk.js'
import { hosts, needHost } from '../support/session/index.js'
import { skip } from '../support/skip.js'
import { temporaryFolder } from '../support/temporary.js'
import { stopClients } from './support/client-night.js'
import { night, slowly, type Night } from './support/night.js'
import { labOver, needWay, ways, type Way } from './support/over.js'
import { bandOf, rewrite, setIn, type BackupSet } from './support/set.js'
import { stagedHomes } from './support/staging.js'
import { doubles, seedsLeft, storedAnew } from './support/stored.js'

const bandBytes = 8192

for (const way of ways) {
  describe(`an image that lies elsewhere than in the last backup, ${way.told}`, function () {
    this.timeout(300_000)
    before(function () {
      needWay(this, way)
    })
    afterEach(stopClients)

    it('stores what changed and no more, however often it moves, and no section has two copies of it', async () => {
      const set = await encryptedSet(way)
      const { lab } = set
      const places = [set.image(), join(lab.source, '.bob/bob.sparsebundle')]
      await oneNight(way, set)
      for (let count = 1; count <= 4; count += 1) {
        const [from, to] = [places[(count + 1) % 2], places[count % 2]] as [string, string]
        move(from, to)
        rewrite(bandOf(to, '1'), 100)
        const moved = await oneNight(way, set)
        expectSeeded(set, moved, to)
        expect(storedAnew(lab), `night ${String(count)}`).to.equal(bandBytes)
      }
    })

    it('as when its user or its folder got another name, stores what changed and no more', async () => {
      const set = await encryptedSet(way)
      const { lab } = set
      await oneNight(way, set)
      const robert = join(lab.source, 'robert/robert.sparsebundle')
      move(set.image(), robert)
      rewrite(bandOf(robert, '2'), 100)
      const renamed = await oneNight(way, set)
      expectSeeded(set, renamed, robert)
      expect(storedAnew(lab)).to.equal(bandBytes)
      const homes = join(lab.source, 'volumes/two/robert/robert.sparsebundle')
      move(robert, homes)
      expectSeeded(set, await oneNight(way, set), homes)
      expect(storedAnew(lab)).to.equal(0)
    })
  })
}

for (const way of ways.filter(({ over }) => over === 'disk')) {
  describe(`an image of this machine that lies elsewhere, ${way.told}`, function () {
    this.timeout(300_000)
    before(function () {
      needWay(this, way)
    })

    it('copied to another folder with its times, so that nothing but its name is the same, stores what changed', async () => {
      const set = setIn(await labOver(way.over))
      await oneNight(way, set)
      const other = join(set.lab.source, 'new disk/bob/bob.sparsebundle')
      mkdirSync(dirname(other), { recursive: true })
      cpSync(set.image(), other, { recursive: true, preserveTimestamps: true })
      rmSync(dirname(set.image()), { recursive: true })
      rewrite(bandOf(other, '2'), 100)
      const copied = await oneNight(way, set)
      expectSeeded(set, copied, other)
      expect(storedAnew(set.lab)).to.be.below(3 * bandBytes)
    })

    it('where LBackup backs up another folder now, stores what changed', async () => {
      const set = await encryptedSet(way)
      const { lab } = set
      await oneNight(way, set)
      lab.set({ backupSource: join(lab.source, 'bob') })
      rewrite(bandOf(set.image(), '1'), 100)
      const narrowed = await oneNight(way, set)
      expect(narrowed.image('bob.sparsebundle').verdict).to.equal('proven')
      expect(narrowed.codes).to.not.include('seed-impossible')
      expect(storedAnew(lab)).to.equal(bandBytes)
      expect(imageDigest(join(lab.destination, 'Section.0/bob/bob.sparsebundle'))).to.equal(imageDigest(set.image()))
    })

    it('and is free after nights in use there, stores what changed since the older copy that was kept', async function () {
      if (process.platform !== 'linux') skip(this, 'needs Linux, where a process that holds an image is seen')
      const set = await encryptedSet(way)
      const { lab } = set
      await oneNight(way, set)
      const hidden = join(lab.source, '.bob/bob.sparsebundle')
      move(set.image(), hidden)
      const letGo = holdOpen(join(hidden, 'token'))
      try {
        for (let count = 1; count <= 2; count += 1) {
          rewrite(bandOf(hidden, '1'), 100)
          const used = await oneNight(way, set)
          expect(used.image('bob.sparsebundle').kept).to.include({ done: 'older-copy', proven: true })
          expect(storedAnew(lab)).to.equal(0)
        }
      } finally {
        letGo()
      }
      // As a crash leaves it: the older copy lies in the home, the image in the hidden one.
      const free = await oneNight(way, set)
      expectSeeded(set, free, hidden)
      expect(storedAnew(lab)).to.equal(bandBytes)
    })

    it('whose last copy was never proven is stored whole', async () => {
      const set = await encryptedSet(way, { verify: { level: 'structure' } })
      const { lab } = set
      expect((await oneNight(way, set)).image('bob.sparsebundle').verdict).to.equal('complete')
      const hidden = join(lab.source, '.bob/bob.sparsebundle')
      move(set.image(), hidden)
      const moved = await oneNight(way, set)
      expect(moved.said.join('\n')).not.to.contain('is linked, not stored again')
      expect(storedAnew(lab)).to.be.at.least(5 * bandBytes)
    })

    it('is no worse off where LBackup ends before its post hook, and the next run puts the section right', async () => {
      const set = await encryptedSet(way)
      const { lab } = set
      await oneNight(way, set)
      const hidden = join(lab.source, '.bob/bob.sparsebundle')
      move(set.image(), hidden)
      lab.set(slowly)
      const act = ({ pid }: { readonly pid: number }): void => {
        process.kill(-pid, 'SIGKILL')
      }
      await night(way.host, lab, set.stateFolder, { broken: true, occasions: [{ logged: /^Synchronizing/m, act }] })
      expect(seedsLeft(lab)).not.to.deep.equal([])
      expect(doubles(lab, 'bob.sparsebundle')).to.have.length(1)
      // The next LBackup would refuse to run, as it does after a power cut.
      rmSync(lab.lockFile, { force: true })
      const next = await oneNight(way, set)
      expectSeeded(set, next, hidden)
      expect(storedAnew(lab)).to.equal(0)
    })
  })
}

for (const host of hosts) {
  describe(`images that LBackup copies from a staging folder now, ${host === 'ours' ? 'with our stand-in' : 'with the real LBackup'}`, function () {
    this.timeout(300_000)
    before(function () {
      needHost(this, host)
      if (process.geteuid?.() !== 0) skip(this, 'needs root, who mounts')
    })
    afterEach(unmountReflinkDisks)

    it('are stored once, there and back again', async function () {
      const { lab, mac, staging } = stagedHomes(reflinkDisk(this, temporaryFolder()), ['bob'])
      const staged = { search: { roots: [lab.source] }, source: { mode: 'staging', reservePercent: 0 } }
      const modes = [
        { backupSource: lab.source, config: {} },
        { backupSource: staging, config: staged },
        { backupSource: lab.source, config: {} },
      ]
      for (const [index, { backupSource, config }] of modes.entries()) {
        lab.set({ backupSource })
        const stateFolder = protect(lab, { ...mac.configuration, ...config })
        const band = bandOf(mac.imageOf('bob'), '0')
        rewrite(band, 100)
        const result = await night(host, lab, stateFolder)
        expect(result.image('bob.sparsebundle').verdict, result.said.join('\n')).to.equal('proven')
        if (index > 0) expect(storedAnew(lab), result.said.join('\n')).to.equal(statSync(band).size)
        expect(doubles(lab, 'bob.sparsebundle')).to.deep.equal([])
        expect(seedsLeft(lab)).to.deep.equal([])
      }
    })
  })
}

const encryptedSet = async ({ over }: Way, config: Record<string, unknown> = {}): Promise<BackupSet> =>
  setIn(await labOver(over), { shape: { token: v2Header('of bob') }, config })

/** One night after which no section holds a seed, and no file of an image has a second name. */
async function oneNight({ host }: Way, { lab, stateFolder }: BackupSet): Promise<Night> {
  const result = await night(host, lab, stateFolder)
  expect(result.exitCode, result.output).to.equal(0)
  expect(seedsLeft(lab)).to.deep.equal([])
  for (const name of ['bob.sparsebundle', 'robert.sparsebundle']) expect(doubles(lab, name)).to.deep.equal([])
  return result
}

function expectSeeded({ lab }: BackupSet, result: Night, image: string): void {
  const { verdict, reason } = result.image(image.slice(lab.source.length))
  expect(verdict, `${reason}\n${result.said.join('\n')}`).to.equal('proven')
  expect(result.log).to.contain('is linked, not stored again')
  expect(imageDigest(join(lab.destination, 'Section.0/source', image.slice(lab.source.length)))).to.equal(
    imageDigest(image),
  )
  for (const name of readdirSync(join(image, 'bands'))) {
    expect(statSync(bandOf(image, name)).nlink, `links of ${basename(image)}/bands/${name}`).to.equal(1)
  }
}

function move(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  renameSync(from, to)
  if (readdirSync(dirname(from)).length === 0) rmSync(dirname(from), { recursive: true })
}
