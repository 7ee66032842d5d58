import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { endStaging } from '../../../lib/staging/remove.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { filesIn, rewrite } from '../../scenario/support/set.js'
import { aimedAgain, killedAt, killing, needStrace, recording, stepsIn, type Step } from '../../support/fault/steps.js'
import { imageDigest } from '../../support/mac/index.js'
import { reflinkDisk, unmountReflinkDisks } from '../../support/reflink-disk.js'
import { temporaryFolder } from '../../support/temporary.js'
import { slot, stagingLab, type StagingLab } from './lab.js'

const program = fileURLToPath(new URL('staging-once.ts', import.meta.url))

describe('the staging folder', function () {
  this.timeout(600_000)
  let disk: string
  let trace: string
  before(function () {
    needStrace(this)
  })
  beforeEach(function () {
    const folder = temporaryFolder()
    disk = reflinkDisk(this, folder, 'btrfs')
    trace = join(folder, 'trace')
  })
  afterEach(unmountReflinkDisks)

  for (const [change, next] of Object.entries({
    'is of no staging folder': (lab: StagingLab) => endStaging(lab.system, lab.stateFolder, { keep: false }),
    'is of another folder': (lab: StagingLab) => {
      mkdirSync(join(lab.folder, 'elsewhere'))
      return lab.stage({ path: fromText(join(lab.folder, 'elsewhere')), images: [] })
    },
  })) {
    it(`killed in its first snapshot leaves nothing that the next one does not put right, also where that ${change}`, async () => {
      const lab = labIn('first')
      const btrfs = join(lab.folder, 'btrfs')
      writeFileSync(btrfs, '#!/bin/sh\nbtrfs "$@"; [ "$2" != snapshot ] || kill -KILL "$PPID"\n', { mode: 0o755 })
      const { signal } = spawnSync(process.execPath, ['--import', 'tsx', program, lab.folder, 'night', btrfs])
      expect(signal).to.equal('SIGKILL')
      expect(readdirSync(join(lab.staging, '.new'))).to.deep.equal(['snapshot'])
      await next(lab)
      expect(lab.standing()).to.deep.equal([])
      expect(execFileSync('btrfs', ['subvolume', 'list', disk], { encoding: 'utf8' })).to.equal('')
      expect(lab.book()).to.equal(undefined)
    })
  }

  const once = ({ folder }: StagingLab, strace: string, what: 'night' | 'anew') =>
    spawnSync('sh', ['-c', `node='${process.execPath}'; ${strace}`, 'sh', '--import', 'tsx', program, folder, what], {
      encoding: 'utf8',
    })

  function labIn(name: string): StagingLab {
    mkdirSync(join(disk, name))
    return stagingLab(join(disk, name))
  }

  /** Steps that change anything, one for all that differ only in the member or the number of a descriptor. */
  function steps(lab: StagingLab, what: 'night' | 'anew'): Step[] {
    const { status, stderr } = once(lab, recording(trace), what)
    expect([status, stderr]).to.deep.equal([0, ''])
    const seen = new Set<string>()
    return stepsIn(trace, lab.folder).filter(({ call, path, occurrence }) => {
      if (call === 'write' && !path.includes('staging')) return false
      const text = `${call} ${path.replace(/bands\/\w+$|Info\.\w+$|token$/, 'MEMBER')} ${path.startsWith('/HELD') ? String(occurrence) : ''}`
      if (seen.has(text)) return false
      seen.add(text)
      return true
    })
  }

  /** Node writes to itself now and then, which shifts what is aimed at. */
  function killedNight(name: string, step: Step, what: string): { lab: StagingLab; image: Record<string, string> } {
    let aimed = step
    for (let attempt = 0; ; attempt += 1) {
      const lab = labIn(name)
      const image = filesIn(lab.image)
      const { stderr } = once(lab, killing(trace, aimed), 'night')
      if (killedAt(trace, lab.folder)?.call === step.call) return { lab, image }
      expect(attempt, `never ${what}: ${stderr}`).to.be.below(5)
      aimed = aimedAgain(trace, lab.folder, aimed)
      rmSync(lab.folder, { recursive: true })
    }
  }

  it('of a night that is killed at whatever step holds nothing that the next one does not put right', () => {
    const all = steps(labIn('recorded'), 'night')
    expect(all.map(({ call }) => call)).to.include.members([
      'mkdir',
      'rename',
      'unlink',
      'rmdir',
      'fsync',
      'fchmod',
      'fchown',
    ])
    return all.reduce(async (before, step, at) => {
      await before
      const what = `after a kill at ${step.call} ${step.path}`
      const { lab, image } = killedNight(`killed-${String(at)}`, step, what)
      expect(filesIn(lab.image), what).to.deep.equal(image)
      // Whoever comes next: a run, or one that only tidies up.
      if (at % 2 === 0) {
        const { images, refused } = await lab.stage()
        expect([...refused], what).to.deep.equal([])
        expect(images.get(slot)?.entry, what).to.include({ standing: true, kind: 'clone' })
        expect(imageDigest(lab.place), what).to.equal(imageDigest(lab.image))
        expect(lab.standing(), what).to.deep.equal([slot])
      }
      await endStaging(lab.system, lab.stateFolder)
      expect(lab.book(), what).to.equal(undefined)
      expect(lab.standing(), what).to.deep.equal([])
      expect(filesIn(lab.image), what).to.deep.equal(image)
      rmSync(lab.folder, { recursive: true })
    }, Promise.resolve())
  })

  /** Frozen and kept, as a daemon does it, and changed since. */
  async function frozenLab(name: string): Promise<{ lab: StagingLab; then: string; since: string | undefined }> {
    const lab = labIn(name)
    const then = imageDigest(lab.image)
    const { images } = await lab.stage({ run: null, spare: 'all' })
    rewrite(join(lab.image, 'bands/0'), 60)
    return { lab, then, since: images.get(slot)?.entry.atRestSince }
  }

  it('in which an image is frozen anew holds the old state or the new one, at whatever step that is killed', async () => {
    // What is written counts once it is renamed; how often Node writes differs from run to run.
    const all = steps((await frozenLab('recorded')).lab, 'anew').filter(({ call }) => call !== 'write')
    const ends = { old: 0, anew: 0, none: 0 }
    for (const [at, step] of all.entries()) {
      const { lab, then, since } = await frozenLab(`killed-${String(at)}`)
      const { stderr } = once(lab, killing(trace, step), 'anew')
      const what = `after a kill at ${step.call} ${step.path}`
      expect(killedAt(trace, lab.folder)?.call, `${what}: ${stderr}`).to.equal(step.call)
      // A run in which the image is in use, and that relies on what is frozen.
      await endStaging(lab.system, lab.stateFolder)
      const { images } = await lab.stage({ images: [], asFrozen: new Set([slot]) })
      const stands = images.get(slot)
      if (stands === undefined) {
        expect([lab.standing(), lab.book()], what).to.deep.equal([[], undefined])
        ends.none += 1
      } else {
        const isOld = stands.entry.atRestSince === since
        expect(imageDigest(lab.place), what).to.equal(isOld ? then : imageDigest(lab.image))
        expect(lab.standing(), what).to.deep.equal([slot])
        ends[isOld ? 'old' : 'anew'] += 1
      }
      rmSync(lab.folder, { recursive: true })
    }
    expect(ends.old, 'steps until it is swapped').to.be.above(ends.none)
    expect(ends.anew, 'steps that remove the old state').to.be.above(0)
    // The note, two renames, and the note again; nothing in between takes long.
    expect(ends.none, 'steps of the swap').to.be.within(1, 8)
  })
})
