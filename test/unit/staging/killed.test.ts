import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { endStaging } from '../../../lib/staging/remove.js'
import { filesIn } from '../../scenario/support/set.js'
import { killedAt, killing, needStrace, recording, stepsIn, type Step } from '../../support/fault/steps.js'
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
      const lab = labIn(`killed-${String(at)}`)
      const image = filesIn(lab.image)
      const { stderr } = night(lab, killing(trace, step))
      const what = `after a kill at ${step.call} ${step.path}`
      expect(killedAt(trace, lab.folder)?.call, `${what}: ${stderr}`).to.equal(step.call)
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
      if (lab.book() === undefined && existsSync(join(lab.staging, '.new'))) await lab.stage({ images: [] })
      expect(lab.standing(), what).to.deep.equal([])
      expect(filesIn(lab.image), what).to.deep.equal(image)
      rmSync(lab.folder, { recursive: true })
    }, Promise.resolve())
  })
})
