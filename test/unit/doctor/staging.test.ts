import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { betweenRuns } from '../../../lib/staging/freezing-lock.js'
import { realSystem } from '../../../lib/system/system.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { loopDisk, unmountLoopDisks } from '../../support/loop-disk.js'
import { reflinkDisk, unmountReflinkDisks } from '../../support/reflink-disk.js'
import type { Lab } from '../../support/session/index.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'
import { examine, healthyLab } from './patient-lab.js'

describe('the doctor, of a staging folder', function () {
  this.timeout(60_000)
  before(function () {
    if (process.geteuid?.() !== 0) skip(this, 'needs root, who mounts')
  })
  afterEach(unmountReflinkDisks)
  afterEach(unmountLoopDisks)

  /** Homes and a staging folder on a volume. */
  function labOn(volume: string, source: object = {}): { lab: Lab; staging: string } {
    const [staging, homes] = [join(volume, 'staging'), join(volume, 'homes')]
    for (const made of [staging, homes]) mkdirSync(made)
    writeSparseBundle(join(homes, 'bob.sparsebundle'), { bands: [{ index: 0, length: 4096 }] })
    const settings = { mode: 'staging', reservePercent: 0, ...source }
    const lab = healthyLab({ backupSource: staging }, { source: settings, search: { roots: [homes] } })
    return { lab, staging }
  }

  it('tells in whose quota it counts, and nothing else where all is well; and leaves nothing there', async function () {
    const { lab, staging } = labOn(reflinkDisk(this, temporaryFolder(), 'xfs'))
    const { codes, report } = await examine(lab)
    expect(codes).to.have.members(['no-run-yet', 'staging-quota'])
    expect(report.findings.find(({ code }) => code === 'staging-quota')?.message).to.match(/ for /)
    expect(readdirSync(staging)).to.deep.equal([])
  })

  it('says of each image that cannot stand there why', async function () {
    const { lab } = labOn(loopDisk(this, temporaryFolder()).path)
    const { code, report } = await examine(lab)
    expect(code).to.equal(2)
    expect(report.findings.find((one) => one.code === 'image-unstageable')?.message).to.match(
      /bob\.sparsebundle cannot stand .*its volume cannot clone files/,
    )
  })

  it('says where the folder cannot be used, or has too little room', async function () {
    const { lab, staging } = labOn(reflinkDisk(this, temporaryFolder(), 'xfs'), { reservePercent: 99.9 })
    expect((await examine(lab)).codes).to.include('staging-unusable')
    writeFileSync(join(staging, 'letter'), 'of somebody')
    const { report } = await examine(lab)
    expect(report.findings.find((one) => one.code === 'staging-unusable')?.message).to.match(/not ours: letter/)
  })

  it('makes nothing in it while something is frozen there', async function () {
    const { lab, staging } = labOn(loopDisk(this, temporaryFolder()).path)
    mkdirSync(join(lab.folder, 'state'), { mode: 0o700 })
    const system = realSystem({ platform: 'linux', commandSeconds: 20 })
    const { codes } = await betweenRuns(system, fromText(join(lab.folder, 'state')), async () => {
      mkdirSync(join(staging, '.new'))
      return examine(lab)
    })
    expect(codes).not.to.include('image-unstageable')
    expect(readdirSync(staging)).to.deep.equal(['.new'])
  })

  it('says which plain folder cannot be shown', async function () {
    const disk = reflinkDisk(this, temporaryFolder(), 'xfs')
    symlinkSync('/etc', join(disk, 'alice'))
    const { lab } = labOn(disk, { folders: [join(disk, 'alice')] })
    const { report } = await examine(lab)
    expect(report.findings.find((one) => one.code === 'staging-unusable')?.message).to.match(/alice cannot be shown/)
  })
})
