import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { endStaging } from '../../../lib/staging/remove.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { filesIn } from '../../scenario/support/set.js'
import { aimedAgain, killedAt, killing, needStrace, recording, stepsIn, type Step } from '../../support/fault/steps.js'
import { imageDigest } from '../../support/mac/index.js'
import { reflinkDisk, unmountReflinkDisks } from '../../support/reflink-disk.js'
import { temporaryFolder } from '../../support/temporary.js'
import { slot, stagingLab, type StagingLab } from './lab.js'

const program = fileURLToPath(new URL('staging-once.ts', import.meta.url))

describe('a night of the staging folder', function () {
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
      const { signal } = spawnSync(process.execPath, ['--import', 'tsx', program, lab.folder, btrfs])
      expect(signal).to.equal('SIGKILL')
      expect(readdirSync(join(lab.staging, '.new'))).to.deep.equal(['snapshot'])
      await next(lab)
      expect(lab.standing()).to.deep.equal([])
      expect(execFileSync('btrfs', ['subvolume', 'list', disk], { encoding: 'utf8' })).to.equal('')
      expect(lab.book()).to.equal(undefined)
    })
  }

  const night = ({ folder }: StagingLab, strace: string) =>
    spawnSync('sh', ['-c', `node='${process.execPath}'; ${strace}`, 'sh', '--import', 'tsx', program, folder], {
      encoding: 'utf8',
    })

  function labIn(name: string): StagingLab {
    mkdirSync(join(disk, name))
    return stagingLab(join(disk, name))
  }

  /** Steps that change anything, one for all that differ only in the member or the number of a descriptor. */
  function steps(): Step[] {
    const lab = labIn('recorded')
    const { status, stderr } = night(lab, recording(trace))
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
      const { stderr } = night(lab, killing(trace, aimed))
      if (killedAt(trace, lab.folder)?.call === step.call) return { lab, image }
      expect(attempt, `never ${what}: ${stderr}`).to.be.below(5)
      aimed = aimedAgain(trace, lab.folder, aimed)
      rmSync(lab.folder, { recursive: true })
    }
  }

  it('killed at whatever step leaves nothing that the next one does not put right', () => {
    const all = steps()
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
})
