import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { memberName } from '../../../lib/image/member-table.js'
import { chosen, copiesNamed, type Wish } from '../../../lib/restore/choose.js'
import { listCopies } from '../../../lib/restore/copies.js'
import { restoreCopy, type Restored } from '../../../lib/restore/restore.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { smallDisk, unmountSmallDisks } from '../../support/fault/small-disk.js'
import { contents } from '../keep/lab.js'
import { restoreLab, slot, type RestoreLab } from './lab.js'

interface Order extends Wish {
  readonly state?: boolean
  readonly to?: string
  readonly progress?: (done: number, all: number) => void
}

function restore(lab: RestoreLab, { state = true, to = lab.to, progress, ...wish }: Order = {}): Restored {
  const copies = listCopies({
    backupDest: fromText(lab.destination),
    stateFolder: state ? fromText(lab.stateFolder) : undefined,
    source: undefined,
  })
  const copy = chosen(copiesNamed(copies, state ? slot : 'bob.sparsebundle'), wish)
  return restoreCopy({ copy, to: fromText(to), ...(progress === undefined ? {} : { progress }) })
}

/** As a backup disk shows it where a user wrote into it. */
function plant(image: string): void {
  writeFileSync(join(image, 'bands/7'), Buffer.alloc(8192, 'planted'))
  writeFileSync(join(image, 'planted'), 'x')
  symlinkSync('/etc/passwd', join(image, 'linked'))
}

const messageOf = (action: () => unknown): string => {
  try {
    action()
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('what an image is restored from', function () {
  this.timeout(60_000)

  it('leaves out members that the manifest does not know, and tells', async () => {
    const lab = await restoreLab()
    const before = contents(lab.image(0))
    plant(lab.image(0))
    const restored = restore(lab)
    expect(contents(lab.to)).to.deep.equal(before)
    expect(restored).to.include({ leftOut: 3, uncompared: 0 }).and.not.to.have.property('unchecked')
    expect(restored.findings.map(({ code, severity }) => [code, severity])).to.deep.equal([
      ['member-left-out', 'warning'],
    ])
    expect(restored.findings[0]?.message).to.match(/^3 members are in the copy .*\(linked, planted and bands\/7\)/)
  })

  it('leaves out a folder that the manifest does not know, with all in it', async () => {
    const lab = await restoreLab({ mapped: false })
    const before = contents(lab.image(0))
    mkdirSync(join(lab.image(0), 'mapped'))
    writeFileSync(join(lab.image(0), 'mapped/0'), 'planted')
    expect(restore(lab)).to.include({ leftOut: 2 })
    expect(contents(lab.to)).to.deep.equal(before)
  })

  it('tells of members of which the manifest has no digest', async () => {
    const lab = await restoreLab({
      change: ({ copy, known }) => {
        for (let row = 0; row < copy.length; row += 1) if (memberName(copy, row) === 'bands/1') known[row] = 0
      },
    })
    const restored = restore(lab)
    expect(restored).to.include({ uncompared: 1, unchecked: 'the manifest has no digest of 1 member' })
    expect(restored.findings.map(({ code }) => code)).to.deep.equal(['member-uncompared'])
    expect(restored.findings[0]?.message).to.include('bands/1')
    expect(contents(lab.to)).to.deep.equal(contents(lab.image(0)))
  })

  it('is never a link: a band that became one makes the copy damaged', async () => {
    const lab = await restoreLab()
    const band = join(lab.image(0), 'bands/1')
    rmSync(band)
    symlinkSync(join(lab.image(0), 'bands/0'), band)
    expect(messageOf(() => restore(lab))).to.match(/1 member is of another type .*bands\/1.*Nothing was restored/)
    expect(readdirSync(lab.folder).filter((name) => name.includes('restored'))).to.deep.equal([])
  })

  it('is a generation of the store where the date says so', async () => {
    const lab = await restoreLab({ sections: 2, generation: 'run-2' })
    for (const [at, place] of [
      ['2026-01-07', 'run-2'],
      ['2026-01-08', 1],
      ['2026-01-08T02:59Z', 'run-2'],
      ['2026-01-31', 0],
    ] as const) {
      const to = `${lab.to}-${String(place)}-${at.length.toString()}`
      expect(restore(lab, { at, to }), at).not.to.have.property('unchecked')
      expect(contents(to), at).to.deep.equal(contents(lab.image(place)))
    }
    expect(messageOf(() => restore(lab, { at: '2026-01-06' }))).to.include('no copy of it from 2026-01-06 or before')
  })

  it('is found without a state folder, with a damaged one, and in sections alone', async () => {
    for (const damage of ['none', 'damaged', 'sections'] as const) {
      const lab = await restoreLab({ sections: 2 })
      const book = join(lab.stateFolder, 'slots.json')
      if (damage === 'damaged') truncateSync(book, statSync(book).size / 2)
      else rmSync(lab.stateFolder, { recursive: true })
      const ours = ['Section.0/.lbackup-filevault', 'Section.1/.lbackup-filevault', '.lbackup-filevault']
      if (damage === 'sections') for (const name of ours) rmSync(join(lab.destination, name), { recursive: true })
      const restored = restore(lab, { state: damage !== 'sections', section: 1 })
      expect(restored.unchecked, damage).to.match(
        damage === 'sections' ? /no manifest/ : /not vouched for by the state folder; the bytes fit/,
      )
      expect(contents(lab.to), damage).to.deep.equal(contents(lab.image(1)))
    }
  })
})

describe('where an image is restored', function () {
  this.timeout(60_000)
  afterEach(unmountSmallDisks)

  it('has room for it, or nothing is begun', async function () {
    const lab = await restoreLab({ container: 'sparse-image' })
    const disk = join(lab.folder, 'small')
    mkdirSync(disk)
    smallDisk(this, disk).fill()
    expect(messageOf(() => restore(lab, { to: join(disk, 'image') }))).to.match(
      /has 0 bytes left; the image needs .*KiB/,
    )
    expect(readdirSync(disk)).to.deep.equal(['filler'])
  })

  it('is asked only for the room that an earlier attempt did not take', async function () {
    const lab = await restoreLab()
    const disk = join(lab.folder, 'small')
    mkdirSync(disk)
    const small = smallDisk(this, disk)
    restore(lab, { to: join(disk, 'image') })
    const half = join(disk, '.image.restoring')
    mkdirSync(half, { mode: 0o700 })
    for (const name of readdirSync(join(disk, 'image'))) {
      const from = join(disk, 'image', name)
      if (statSync(from).isFile()) writeFileSync(join(half, name), readFileSync(from))
      else {
        mkdirSync(join(half, name))
        for (const band of readdirSync(from)) writeFileSync(join(half, name, band), readFileSync(join(from, band)))
      }
    }
    rmSync(join(disk, 'image'), { recursive: true })
    small.fill()
    expect(restore(lab, { to: join(disk, 'image') }).unchecked).to.equal(undefined)
    expect(contents(join(disk, 'image'))).to.deep.equal(contents(lab.image(0)))
  })

  it('is not overwritten, nor what comes there meanwhile', async () => {
    const lab = await restoreLab()
    writeFileSync(lab.to, 'mine')
    expect(messageOf(() => restore(lab))).to.include('is there already; nothing is overwritten')
    rmSync(lab.to)
    const meanwhile = (): void => writeFileSync(lab.to, 'mine')
    expect(messageOf(() => restore(lab, { progress: meanwhile }))).to.include('appeared meanwhile')
    expect(readFileSync(lab.to, 'utf8')).to.equal('mine')
  })

  it('is never reached through a link, nor built in what somebody else put there', async () => {
    for (const container of ['sparse-bundle', 'sparse-image'] as const) {
      const lab = await restoreLab({ container })
      const outside = join(lab.folder, 'outside')
      mkdirSync(outside)
      if (container === 'sparse-image') writeFileSync(join(outside, 'file'), 'mine')
      const building = join(lab.folder, '.restored.restoring')
      symlinkSync(container === 'sparse-image' ? join(outside, 'file') : outside, building)
      expect(messageOf(() => restore(lab))).to.include('put there by somebody else')
      expect(readdirSync(outside)).to.deep.equal(container === 'sparse-image' ? ['file'] : [])
      if (container === 'sparse-image') expect(readFileSync(join(outside, 'file'), 'utf8')).to.equal('mine')
      expect(lstatSync(building).isSymbolicLink()).to.be.true
      expect(existsSync(lab.to)).to.be.false
    }
  })

  it('hears of progress: every byte once', async () => {
    const lab = await restoreLab()
    const told: [number, number][] = []
    const { bytes } = restore(lab, { progress: (done, all) => told.push([done, all]) })
    expect(told.at(-1)).to.deep.equal([bytes, bytes])
    expect(told.length).to.be.above(4)
  })
})

describe('an image that was half restored', function () {
  this.timeout(60_000)

  it('keeps nothing of another copy, and nothing but its own members', async () => {
    const lab = await restoreLab({ sections: 2 })
    const building = join(lab.folder, '.restored.restoring')
    mkdirSync(join(building, 'bands'), { recursive: true, mode: 0o700 })
    for (const name of ['0', '9']) writeFileSync(join(building, 'bands', name), Buffer.alloc(8192, 'other'))
    writeFileSync(join(building, 'stray'), '')
    restore(lab)
    expect(contents(lab.to)).to.deep.equal(contents(lab.image(0)))
  })

  it('gets owner, mode and time of what was whole already', async () => {
    const lab = await restoreLab()
    const building = join(lab.folder, '.restored.restoring')
    mkdirSync(join(building, 'bands'), { recursive: true, mode: 0o700 })
    const band = join(lab.image(0), 'bands/0')
    utimesSync(band, 1_600_000_000, 1_600_000_000)
    writeFileSync(join(building, 'bands/0'), readFileSync(band), { mode: 0o600 })
    expect(restore(lab)).to.include({ resumed: 1 })
    expect(statSync(join(lab.to, 'bands/0'))).to.include({ mtimeMs: 1_600_000_000_000, mode: statSync(band).mode })
  })

  it('of one file goes on at the bytes that are right', async () => {
    const lab = await restoreLab({ container: 'sparse-image' })
    const whole = readFileSync(lab.image(0))
    const building = join(lab.folder, '.restored.restoring')
    for (const [half, resumed] of [
      [whole.subarray(0, 5000), 0],
      [Buffer.concat([whole, Buffer.from('more')]), 1],
      [Buffer.alloc(whole.length, 'other'), 0],
    ] as const) {
      writeFileSync(building, half)
      expect(restore(lab)).to.include({ resumed })
      expect(readFileSync(lab.to).equals(whole)).to.be.true
      rmSync(lab.to)
    }
  })
})
