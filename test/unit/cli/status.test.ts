import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Status } from '../../../lib/generated/status.js'
import type { StatusReport } from '../../../lib/generated/status-report.js'
import { processIdentity } from '../../../lib/lbackup/process-chain.js'
import { realSystem } from '../../../lib/system/system.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { protect } from '../../support/protect.js'
import { makeLab, runSession, type Lab } from '../../support/session/index.js'
import { isDocument } from './document.js'
import { runCli } from './run.js'

function labWithImage(): Lab {
  const lab = makeLab({ settings: { post_actions_on_backup_error: 'YES', ignore_rsync_vanished_files: 'YES' } })
  mkdirSync(join(lab.source, 'alice/work'), { recursive: true })
  writeSparseBundle(join(lab.source, 'alice/work/Work.sparsebundle'), { bands: [{ index: 0, length: 8192 }] })
  protect(lab)
  return lab
}

const status = (lab: Lab, ...more: string[]) => runCli('status', '--config', lab.configurationFile, ...more)

function change(lab: Lab, edit: (status: Status) => Partial<Status>): void {
  const file = join(lab.folder, 'state/status.json')
  const before = JSON.parse(readFileSync(file, 'utf8')) as Status
  writeFileSync(file, JSON.stringify({ ...before, ...edit(before) }))
}

describe('status', function () {
  this.timeout(60_000)

  it('knows nothing before the first run, and the alarm cries for that', async () => {
    const lab = labWithImage()
    const plain = await status(lab)
    expect(plain.code).to.equal(3)
    expect(plain.stdout).to.match(/^Nothing is known in /)
    const { code, stdout } = await status(lab, '--alarm')
    expect(code).to.equal(2)
    expect(stdout).to.match(/^error: No run of the hooks is known\.\n {2}Let LBackup run once\./)
  })

  it('tells of the last run and of each image, and the alarm is silent', async () => {
    const lab = labWithImage()
    await runSession('ours', lab)
    const { code, stdout } = await status(lab)
    expect(code).to.equal(0)
    expect(stdout).to.match(/^Last run: \d+ s ago \(.*Z, both hooks\): Every image was accounted for\.\n/)
    expect(stdout).to.match(
      /^user +image +verdict +when +newest good copy +why\n.*Work\.sparsebundle +proven +\d+ s ago +\d+ s ago, Section\.0 +/m,
    )
    expect(await status(lab, '--alarm')).to.deep.equal({ code: 0, stdout: '', stderr: '' })
    const report = JSON.parse((await status(lab, '--json')).stdout) as StatusReport
    expect(isDocument('status-report', report)).to.equal(true)
    expect(report.slots).to.have.length(1)
    expect(report.lastRun?.post).to.equal(true)
  })

  it('cries for what is too old', async () => {
    const lab = labWithImage()
    await runSession('ours', lab)
    const old = '2020-01-01T00:00:00Z'
    change(lab, ({ slots }) => ({ slots: slots.map((slot) => ({ ...slot, lastCompleteAt: old })) }))
    const copy = await status(lab, '--alarm')
    expect(copy.code).to.equal(1)
    expect(copy.stdout).to.match(/^warning: The newest complete copy of .*Work\.sparsebundle .* is \d+ days old/)
    change(lab, ({ lastRun }) => ({ lastRun: lastRun === null ? null : { ...lastRun, finishedAt: old } }))
    const run = await status(lab, '--alarm')
    expect(run.code).to.equal(2)
    expect(run.stdout).to.match(/^error: The last run ended \d+ days ago/)
  })

  it('tells of a wait only while the process that waits lives, and cries for one whose end is past', async () => {
    const lab = labWithImage()
    await runSession('ours', lab)
    const me = await processIdentity(realSystem({ platform: 'auto', commandSeconds: 10 }))
    const minutesFromNow = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString()
    const wait = (until: string, process: object | undefined): void => {
      const image = { slot: 'bob-1', path: '/Users/bob/b.sparsebundle', user: 'bob', usedBy: [], until }
      const images = [{ ...image, since: minutesFromNow(-20) }]
      const record = { schema: 'waiting/1', run: 'r', process, images }
      writeFileSync(join(lab.folder, 'state/waiting.json'), JSON.stringify(record))
    }
    wait(minutesFromNow(10), me)
    const going = await status(lab)
    expect(going.code).to.equal(0)
    expect(going.stdout).to.match(
      /^Waiting for \/Users\/bob\/b\.sparsebundle \(bob\), in use, since \S+Z \(20 min\), until \S+Z at most\.\nLast run: /,
    )
    expect(await status(lab, '--alarm')).to.deep.equal({ code: 0, stdout: '', stderr: '' })
    wait(minutesFromNow(-10), me)
    const late = await status(lab, '--alarm')
    expect(late.code).to.equal(1)
    expect(late.stdout).to.match(/^warning: The pre-backup hook waits for .*, and should have gone on 10 min ago, at /)
    for (const process of [{ ...me, startTime: '1' }, { ...me, bootId: 'before' }, undefined]) {
      wait(minutesFromNow(-10), process)
      expect((await status(lab)).stdout).to.match(/^Last run: /)
      expect(await status(lab, '--alarm')).to.deep.equal({ code: 0, stdout: '', stderr: '' })
    }
  })

  it('cries for a night that LBackup did not survive', async () => {
    const lab = labWithImage()
    lab.hook(
      'pre',
      'BACKUP-900-die',
      'kill -KILL $(sed -n "s/.*PID : //p" "$backupConfigurationFolderPath/backup_in_progress.lock")',
    )
    await runSession('ours', lab)
    const { code, stdout } = await status(lab, '--alarm')
    expect(code).to.equal(2)
    expect(stdout).to.match(/^error: LBackup's lock .* which no longer runs; /m)
    expect(stdout).to.match(/^error: The run that began at .* ended without its post-backup hook/m)
  })

  it('ends with 2 where what is known is damaged', async () => {
    const lab = labWithImage()
    mkdirSync(join(lab.folder, 'state'))
    writeFileSync(join(lab.folder, 'state/status.json'), '{}')
    const { code, stderr } = await status(lab, '--alarm')
    expect(code).to.equal(2)
    expect(stderr).to.include('status.json, cannot be used')
  })
})
