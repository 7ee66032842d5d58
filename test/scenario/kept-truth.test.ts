import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Report } from '../../lib/generated/report.js'
import type { KnownCopy, SlotBook } from '../../lib/generated/slots.js'
import { holdOpen, night, type Moments } from '../support/history/machine.js'
import { writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { imageDigest } from '../support/mac/index.js'
import { makeLab, type Lab } from '../support/session/index.js'
import { skip } from '../support/skip.js'
import { temporaryFolder } from '../support/temporary.js'

interface Scene {
  readonly lab: Lab
  readonly image: string
  /** Its copy in Section.0. */
  readonly copy: string
  /** Our folder on the backup disk; whoever may write there may forge, so nothing is built in it then. */
  readonly work: string
  readonly make: (seed: string) => void
  readonly night: (moments?: Moments) => Promise<Report | undefined>
  readonly inUse: <Result>(nights: () => Promise<Result>) => Promise<Result>
  readonly known: () => readonly KnownCopy[]
  /** Digests of every copy on the backup disk. */
  readonly copies: () => string[]
}

function scene(numRotations: number, config: Record<string, unknown> = {}): Scene {
  const folder = join(temporaryFolder(), 'lab')
  mkdirSync(folder)
  const lab = makeLab({ settings: { numRotations: String(numRotations) } }, folder)
  lab.set({})
  const settings = {
    stateFolder: join(folder, 'state'),
    limits: { quietSeconds: 0 },
    search: { mayBeEmpty: true },
    // This process is LBackup, and never gone: a watch would see what happens between two nights.
    watch: { mode: 'off' },
  }
  writeFileSync(join(lab.configurationFolder, 'filevault.json'), JSON.stringify({ ...settings, ...config }))
  mkdirSync(join(lab.source, 'bob'))
  const image = join(lab.source, 'bob/bob.sparsebundle')
  const kept = join(lab.destination, '.lbackup-filevault/kept')
  const make = (seed: string): void => {
    rmSync(image, { recursive: true, force: true })
    const bands = [0, 1, 2].map((index) => ({ index, length: 4096 }))
    writeSparseBundle(image, { seed, bands, virtualBytes: 64 * 1024 * 1024 })
  }
  make('1')
  return {
    lab,
    image,
    copy: join(lab.destination, 'Section.0/source/bob/bob.sparsebundle'),
    work: join(lab.destination, '.lbackup-filevault/work'),
    make,
    night: (moments) => night(lab, numRotations, moments),
    async inUse(nights) {
      const letGo = holdOpen(join(image, 'token'))
      try {
        return await nights()
      } finally {
        letGo()
      }
    },
    known: () =>
      (JSON.parse(readFileSync(join(folder, 'state/slots.json'), 'utf8')) as SlotBook).slots.flatMap(
        ({ copies }) => copies,
      ),
    copies: () => {
      const generations = existsSync(kept)
        ? readdirSync(kept).flatMap((slot) => readdirSync(join(kept, slot)).map((name) => join(kept, slot, name)))
        : []
      const sections = lab.sections().map((name) => join(lab.destination, name, 'source/bob'))
      return [...sections, ...generations]
        .map((path) => join(path, 'bob.sparsebundle'))
        .filter((path) => existsSync(path))
        .map(imageDigest)
    },
  }
}

/** Another content with times that rsync and we take for settled. */
function ageTimes(image: string, hours: number): void {
  const time = Date.now() / 1000 - hours * 3600
  for (const name of readdirSync(join(image, 'bands'))) utimesSync(join(image, 'bands', name), time, time)
}

describe('what is kept, and what is said of it', function () {
  this.timeout(120_000)
  before(function () {
    if (process.platform !== 'linux') skip(this, 'needs Linux, where a process that holds an image is seen')
  })

  it('a copy whose label cannot be written is known all the same, and rotation does not take it', async () => {
    const { image, copies, inUse, known, make, night, work } = scene(2)
    await night()
    const first = imageDigest(image)
    make('2')
    ageTimes(image, 1)
    const second = imageDigest(image)
    const report = await night({ afterCopy: () => chmodSync(work, 0o770) })
    chmodSync(work, 0o700)
    expect(report?.findings.map(({ code }) => code)).to.include('manifest-unwritten')
    expect(known().map(({ label }) => label.verdict)).to.deep.equal(['complete', 'proven'])
    await inUse(async () => {
      await night()
      await night()
    })
    expect(copies()).to.include.members([first, second])
  })

  it('the only copy, of a run whose post hook never came, is not lost where the next run cannot write', async () => {
    const { lab, copies, image, inUse, known, night, work } = scene(1)
    await night({ withoutPost: true })
    rmSync(join(lab.folder, 'state/lock'), { recursive: true, force: true })
    const only = imageDigest(image)
    mkdirSync(work, { recursive: true, mode: 0o700 })
    chmodSync(work, 0o770)
    await inUse(async () => {
      expect(await night(), 'the backup is halted').to.equal(undefined)
      chmodSync(work, 0o700)
      await night()
    })
    expect(copies()).to.include(only)
    expect(known().map(({ label }) => label.verdict)).to.include('complete')
  })

  it('a bad copy is kept too where nothing else is known', async () => {
    const { lab, copies, copy, image, night } = scene(2, { repair: 'off' })
    const torn = join(lab.destination, 'Section.inprogress/source/bob/bob.sparsebundle/bands/0')
    const report = await night({
      beforeCopy: () => writeFileSync(join(image, 'bands/0'), Buffer.alloc(4096, 'x')),
      afterCopy: () => {
        const { atime, mtime } = statSync(torn)
        writeFileSync(torn, Buffer.alloc(4096, 'torn'))
        utimesSync(torn, atime, mtime)
      },
    })
    expect(report?.images[0]).to.include({ verdict: 'bad' })
    const bad = imageDigest(copy)
    rmSync(image, { recursive: true })
    for (let count = 0; count < 3; count += 1) await night()
    expect(copies()).to.deep.equal([bad])
  })

  it('an older copy that a dead run had put there is not taken for one of that night', async () => {
    const { lab, known, image, make, night } = scene(3, { repair: 'off' })
    await night()
    const [first] = known()
    const band = join(image, 'bands/0')
    const { mtimeMs } = statSync(band)
    writeFileSync(band, Buffer.alloc(4096, 'new'))
    utimesSync(band, mtimeMs / 1000 - 5, mtimeMs / 1000 - 5)
    const state = (name: string): string => join(lab.folder, 'state', name)
    let [book, record] = ['', '']
    const report = await night({
      afterCopy: () => {
        book = readFileSync(state('slots.json'), 'utf8')
        record = readFileSync(state('run.json'), 'utf8')
      },
    })
    expect(report?.images[0]?.kept).to.include({ done: 'set-aside' })
    // As if it had been killed before its first word was written down.
    writeFileSync(state('slots.json'), book)
    writeFileSync(state('run.json'), record)
    make('morning')
    await night()
    const places = known().filter(({ label }) => label.madeAt === first?.label.madeAt)
    expect(places.filter(({ label }) => label.older).length).to.be.greaterThan(0)
    const { startedAt } = JSON.parse(record) as { startedAt: string }
    expect(
      known().filter(({ label, place }) => label.madeAt === startedAt && place.section !== undefined),
    ).to.deep.equal([])
  })

  it('what somebody put into a copy is told, and left out wherever that copy is used', async () => {
    const { copy, image, inUse, night } = scene(1)
    await night()
    const good = imageDigest(image)
    writeFileSync(join(copy, '.DS_Store'), 'Finder')
    writeFileSync(join(copy, 'bands/7'), Buffer.alloc(4096, 'planted'))
    const report = await inUse(() => night())
    expect(report?.images[0]?.kept).to.include({ done: 'older-copy', proven: true })
    expect(imageDigest(copy)).to.equal(good)
  })
})
