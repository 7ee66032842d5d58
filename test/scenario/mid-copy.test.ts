import { existsSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { ReportImage } from '../../lib/generated/report.js'
import { imageDigest } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { stopClients } from './support/client-night.js'
import { night, slowly, type Night, type Occasion } from './support/night.js'
import { labOver, needWay, ourWays, ways, type Way } from './support/over.js'
import { bandOf, digests, rewrite, setIn, type BackupSet } from './support/set.js'

interface Deed {
  /** What is wrong with the copy then. */
  readonly kind: string
  /** First in what rsync has copied or listed, then in what it has yet to copy: its copy is no moment of the image. */
  readonly act: (image: string) => void
}

const both =
  (change: (band: string) => void) =>
  (image: string): void => {
    for (const name of ['0', '4']) change(bandOf(image, name))
  }

/** By the name of its image, what its user does while rsync is busy with band 2. */
const deeds: Readonly<Record<string, Deed>> = {
  added: {
    kind: 'missing',
    act(image) {
      writeFileSync(bandOf(image, '9'), Buffer.alloc(8192, 'added'))
      rewrite(bandOf(image, '4'))
    },
  },
  grown: { kind: 'mixed', act: both((band) => writeFileSync(band, Buffer.alloc(512, 'grown'), { flag: 'a' })) },
  removed: {
    kind: 'extra',
    act(image) {
      rmSync(bandOf(image, '1'))
      rewrite(bandOf(image, '4'))
    },
  },
  rewritten: { kind: 'mixed', act: both((band) => rewrite(band)) },
  truncated: { kind: 'mixed', act: both((band) => truncateSync(band, statSync(band).size - 512)) },
}
const names = Object.keys(deeds)

interface Scene {
  readonly host: Way['host']
  readonly set: BackupSet
  /** By name, each state its image was in. */
  readonly truth: ReadonlyMap<string, Set<string>>
}

async function scene({ host, over }: Way, config: Record<string, unknown>): Promise<Scene> {
  const set = setIn(await labOver(over), { names, config })
  const truth = new Map(names.map((name) => [name, new Set<string>()]))
  return { host, set, truth }
}

/** A night in which rsync copies every band of every image; disturbed, all deeds happen in the middle of it. */
async function oneNight({ host, set, truth }: Scene, disturbed: boolean): Promise<Night> {
  const note = (name: string): void => void truth.get(name)?.add(imageDigest(set.image(name)))
  for (const name of names) {
    const bands = join(set.image(name), 'bands')
    // rsync is busy with band 2 for a while.
    if (statSync(join(bands, '2')).size < 768 * 1024) truncateSync(join(bands, '2'), 768 * 1024)
    for (const band of readdirSync(bands)) rewrite(join(bands, band), 100)
    note(name)
  }
  const occasions = names.map((name): Occasion => ({
    logged: new RegExp(`^source/bob/${name}\\.sparsebundle/bands/2$`, 'm'),
    stop: true,
    act: () => {
      deeds[name]?.act(set.image(name))
      note(name)
    },
  }))
  set.lab.set(disturbed ? slowly : { hardlink_option: '' })
  return night(host, set.lab, set.stateFolder, disturbed ? { occasions } : {})
}

/** What may be said of an image never depends on what was done to it. */
function expectHonest({ set, truth }: Scene, name: string, { verdict, reason }: ReportImage): void {
  const copy = set.copy(name)
  if (verdict === 'proven' || verdict === 'complete') {
    expect(truth.get(name), `${name} is ${verdict}: ${reason}`).to.include(imageDigest(copy))
  }
}

for (const way of ways) {
  describe(`images that change while rsync copies them, ${way.told}`, function () {
    this.timeout(180_000)
    before(function () {
      needWay(this, way)
    })
    afterEach(stopClients)

    it('are put right from what they are then, and every proven copy is one moment', async () => {
      const one = await scene(way, {})
      await oneNight(one, false)
      const result = await oneNight(one, true)
      for (const name of names) {
        const image = result.image(`/${name}.sparsebundle`)
        expectHonest(one, name, image)
        expect(image, `${name}: ${image.reason}`).to.include({ verdict: 'proven' })
        expect(image.kept, name).to.deep.equal({ done: 'repaired' })
        expect(
          image.proof?.wrong.map(({ kind }) => kind),
          name,
        ).to.deep.equal([deeds[name]?.kind])
        expect(imageDigest(one.set.copy(name)), name).to.equal(imageDigest(one.set.image(name)))
      }
    })
  })
}

for (const way of ourWays) {
  describe(`images that change while rsync copies them, and are not repaired, ${way.told}`, function () {
    this.timeout(180_000)
    before(function () {
      needWay(this, way)
    })
    afterEach(stopClients)

    it('leave the newest good copy at its place, and the mixed one aside', async () => {
      const one = await scene(way, { repair: 'off' })
      await oneNight(one, false)
      const good = new Map(names.map((name) => [name, imageDigest(one.set.copy(name))]))
      const result = await oneNight(one, true)
      for (const name of names) {
        const image = result.image(`/${name}.sparsebundle`)
        expect(image, name).to.include({ verdict: 'bad', loudness: 'error' })
        expect(image.kept, name).to.include({ done: 'set-aside', proven: true })
        expect(imageDigest(one.set.copy(name)), name).to.equal(good.get(name))
        const aside = one.set.copies(name).filter((path) => path.includes('/set-aside/'))
        expect(aside, name).to.have.length(1)
        // The premise: what rsync made is no moment of the image.
        expect(one.truth.get(name), name).not.to.include(imageDigest(aside[0] as string))
      }
    })

    it('stay unproven where nothing better is known, and the next night copies just what was wrong', async () => {
      const one = await scene(way, { repair: 'off' })
      const result = await oneNight(one, true)
      for (const name of names) {
        const image = result.image(`/${name}.sparsebundle`)
        expect(image, name).to.include({ verdict: 'bad', loudness: 'error' })
        expect(image.kept, name).to.deep.equal({ done: 'unproven' })
        for (const { kind, members } of image.proof?.wrong ?? []) {
          if (kind === 'missing') continue
          for (const member of members)
            expect(existsSync(`${one.set.copy(name)}/${member}`), `${name} ${member}`).to.be.false
        }
      }
      protect(one.set.lab, {})
      const next = await night('ours', one.set.lab, one.set.stateFolder)
      for (const name of names) {
        expect(next.image(`/${name}.sparsebundle`), next.image(`/${name}.sparsebundle`).reason).to.include({
          verdict: 'proven',
        })
        expect(next.image(`/${name}.sparsebundle`).kept, `${name} needs no repair`).to.equal(undefined)
        expect(digests(one.set, name)[0], name).to.equal(imageDigest(one.set.image(name)))
      }
    })
  })
}
