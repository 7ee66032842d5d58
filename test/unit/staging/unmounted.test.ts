import { execFileSync } from 'node:child_process'
import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Config } from '../../../lib/generated/config.js'
import { backupSource } from '../../../lib/lbackup/backup-source.js'
import { frozenBefore } from '../../../lib/run/staging.js'
import { freeze, thaw } from '../../../lib/staging/freeze.js'
import { endStaging } from '../../../lib/staging/remove.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { reflinkDisk, unmountReflinkDisks } from '../../support/reflink-disk.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'
import { slot, stagingLab, type StagingLab } from './lab.js'

describe('a staging folder whose volume is not mounted for a night', function () {
  this.timeout(60_000)
  before(function () {
    if (process.geteuid?.() !== 0) skip(this, 'needs root, who mounts')
  })
  let lab: StagingLab
  let mount: () => void
  beforeEach(async function () {
    const disk = reflinkDisk(this, temporaryFolder(), 'btrfs')
    lab = stagingLab(disk)
    execFileSync('btrfs', ['subvolume', 'create', join(disk, 'frozen')], { stdio: 'pipe' })
    const device =
      readFileSync('/proc/self/mounts', 'utf8')
        .split('\n')
        .find((line) => line.includes(` ${disk} `))
        ?.split(' ')[0] ?? ''
    mount = () => void execFileSync('mount', ['-o', 'subvol=frozen', device, lab.staging])
    mount()
    await freeze({ ...lab.request(), image: lab.subject() })
    execFileSync('umount', [lab.staging])
  })
  afterEach(unmountReflinkDisks)

  async function stillThere(): Promise<void> {
    mount()
    expect(lab.standing()).to.deep.equal([slot])
    const { images } = await lab.stage({ images: [], asFrozen: new Set([slot]) })
    expect(images.get(slot)).to.include({ asFrozen: true })
    await endStaging(lab.system, lab.stateFolder, { keep: false })
    expect([lab.standing(), lab.book()]).to.deep.equal([[], undefined])
  }

  it('holds what was frozen there when it is back, whatever stood at its place meanwhile', async () => {
    const { images } = await lab.stage()
    expect(images.get(slot)?.entry).to.include({ kind: 'clone', kept: false })
    await endStaging(lab.system, lab.stateFolder)
    expect(lab.standing()).to.deep.equal([])
    await thaw(lab.system, lab.stateFolder, slot)
    await stillThere()
  })

  it('holds it also where even the folder was not there', async () => {
    const aside = `${lab.staging}.aside`
    renameSync(lab.staging, aside)
    await endStaging(lab.system, lab.stateFolder)
    renameSync(aside, lab.staging)
    await stillThere()
  })

  it('is not said to hold anything meanwhile', async () => {
    const config = { source: { mode: 'staging' } } as Config
    const night = { config, stateFolder: lab.stateFolder, source: backupSource(fromText(lab.staging)) }
    expect(frozenBefore(night)).to.deep.equal([])
    await stillThere()
  })
})
