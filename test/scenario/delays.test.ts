import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  rmdirSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { HistoryLine } from '../../lib/generated/history.js'
import type { StatusReport } from '../../lib/generated/status-report.js'
import { validateHistory } from '../../lib/generated/validators.js'
import { journalLine } from '../../lib/watch/journal.js'
import { smallDisk, unmountSmallDisks } from '../support/fault/small-disk.js'
import { holdOpen } from '../support/history/machine.js'
import { simulatedMac } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { makeLab, type Lab } from '../support/session/index.js'
import { skip } from '../support/skip.js'
import { temporaryFolder } from '../support/temporary.js'
import { isDocument } from '../unit/cli/document.js'
import { runCli } from '../unit/cli/run.js'
import { night, type Night, type NightOptions } from './support/night.js'
import { backupSet, type BackupSet } from './support/set.js'

const calm = { limits: { quietSeconds: 0 }, watch: { mode: 'off' } }

const nightOf = ({ lab, stateFolder }: BackupSet, options: NightOptions = {}): Promise<Night> =>
  night('ours', lab, stateFolder, options)

/** The runs as they stand in the state folder, each line as its schema says. */
function history(stateFolder: string): HistoryLine[] {
  const lines = readFileSync(join(stateFolder, 'history.jsonl'), 'utf8').split('\n')
  const whole = lines.filter((line) => line !== '')
  return whole.map((line) => {
    const read: unknown = JSON.parse(line)
    expect(validateHistory(read), `${line}: ${JSON.stringify(validateHistory.errors)}`).to.be.true
    return read as HistoryLine
  })
}

/** Who wrote each line, and what it says of the only image. */
const told = (stateFolder: string): string[] =>
  history(stateFolder).map(({ phase, images }) => `${phase} ${images.map(({ verdict }) => verdict).join()}`)

const status = (lab: Lab, ...more: string[]) => runCli('status', '--config', lab.configurationFile, ...more)

const missed = ({ said }: Night): string[] => said.filter((line) => line.includes('was not backed up in the last'))

describe('an image that is in use night after night', function () {
  this.timeout(120_000)
  before(function () {
    if (process.platform !== 'linux') skip(this, 'needs Linux, where a process that holds an image is seen')
  })

  it('is left out in silence twice, then with a warning each night until it is let go; status tells the trend', async () => {
    const set = backupSet({ config: calm })
    const free = await nightOf(set)
    expect(free.image('bob.sparsebundle').verdict).to.equal('proven')
    const letGo = holdOpen(join(set.image(), 'token'))
    try {
      for (const count of [1, 2, 3, 4]) {
        const result = await nightOf(set)
        expect(result.image('bob.sparsebundle'), String(count)).to.include({
          verdict: 'not-backed-up',
          loudness: 'fine',
        })
        expect(result.codes, String(count)).to.deep.equal(count < 3 ? [] : ['runs-missed'])
        expect(result.report.severity, String(count)).to.equal(count < 3 ? 'fine' : 'warning')
        const [line, ...more] = missed(result)
        expect(more).to.deep.equal([])
        if (count < 3) expect(line).to.equal(undefined)
        else {
          expect(line).to.match(
            new RegExp(
              `^WARNING! .*bob\\.sparsebundle \\(\\S+\\) was not backed up in the last ${String(count)} runs, since \\S+Z: ` +
                'in use by .*sleep.*\\. Its newest good copy was made .* ago \\(\\S+Z\\) and lies in Section\\.0\\. ' +
                'Let its user .* lbackup-filevault tonight --config \\S+\\. The next backup tries again; ',
            ),
          )
        }
      }
    } finally {
      letGo()
    }
    expect(told(set.stateFolder)).to.deep.equal(['post proven', ...Array<string>(4).fill('post not-backed-up')])
    const plain = await status(set.lab)
    expect(plain.stdout).to.match(
      /^\/.*bob\.sparsebundle: backed up in 1 of 5 runs; not backed up 4 in a row, since \S+Z \(in use by .*\); used by (\S+ and )?sleep\.$/m,
    )
    const alarm = await status(set.lab, '--alarm')
    expect(alarm.code).to.equal(1)
    expect(alarm.stdout).to.match(
      /^warning: .*bob\.sparsebundle \(\S+\) was not backed up in the last 4 runs, since .* Its newest good copy is of \S+Z \(Section\.0\)\.$/m,
    )
    const document = JSON.parse((await status(set.lab, '--json')).stdout) as StatusReport
    expect(isDocument('status-report', document)).to.be.true
    expect(document.trends[0]).to.include({ runs: 5, backedUp: 1, notBackedUpInARow: 4, waited: 0 })
    expect(document.trends[0]?.last).to.include({ verdict: 'not-backed-up', action: 'leave-out', backedUp: false })

    const after = await nightOf(set)
    expect(after.codes).to.deep.equal([])
    expect(await status(set.lab, '--alarm')).to.include({ code: 0, stdout: '' })
    expect((await status(set.lab)).stdout).to.match(/backed up in 2 of 6 runs; used by/)
  })

  it('counts a killed post-backup hook, a halted backup and one that LBackup failed as nights without a copy', async () => {
    const set = backupSet({ config: calm, settings: { post_actions_on_backup_error: 'YES' } })
    const { lab, stateFolder } = set
    await nightOf(set)
    const letGo = holdOpen(join(set.image(), 'token'))
    try {
      const kill = lab.hook('post', 'BACKUP-000-kill', 'kill -KILL 0')
      await nightOf(set, { broken: true })
      rmSync(kill)
      rmSync(lab.lockFile)
      expect(told(stateFolder)).to.deep.equal(['post proven'])
      const excludes = readFileSync(lab.excludesFile)
      writeFileSync(lab.excludesFile, '!\n')
      const halted = await nightOf(set, { broken: true })
      expect(halted.exitCode).to.equal(129)
      writeFileSync(lab.excludesFile, excludes)
      expect(told(stateFolder)).to.deep.equal(['post proven', 'late not-backed-up', 'pre not-backed-up'])
      expect(history(stateFolder)[2]?.images[0]?.reason).to.match(/^the backup was halted: .*excludes/)
      lab.set({ hardlink_option: '--copy-links' })
      symlinkSync('nowhere', join(lab.source, 'link'))
      const failed = await nightOf(set)
      expect(failed.exitCode).to.equal(255)
      expect(failed.codes).to.deep.equal(['no-new-section', 'runs-missed'])
      expect(missed(failed)[0]).to.match(/^WARNING! .* was not backed up in the last 3 runs/)
    } finally {
      letGo()
    }
    const lines = history(stateFolder)
    expect(told(stateFolder).at(-1)).to.equal('post not-backed-up')
    expect(new Set(lines.map(({ run }) => run)).size, 'one line a run').to.equal(4)
  })

  it('ends each run with an error, in four parts, once its newest good copy is too old', async () => {
    const set = backupSet({ config: { ...calm, keep: { warnAfterDays: 0, errorAfterDays: 0 } } })
    await nightOf(set)
    const letGo = holdOpen(join(set.image(), 'token'))
    try {
      const result = await nightOf(set)
      expect(result.image('bob.sparsebundle')).to.include({ verdict: 'not-backed-up', loudness: 'error' })
      expect(result.report.exitCode).to.equal(1)
      expect(result.said.join('\n')).to.match(
        /^ERROR! not backed up: .*bob\.sparsebundle .*; its newest good copy is \d+ s old\. Its newest good copy was made \d+ s ago \(\S+Z\) and lies in Section\.0\. Look closer: lbackup-filevault verify .* The next backup tries again; /m,
      )
    } finally {
      letGo()
    }
    const alarm = await status(set.lab, '--alarm')
    expect(alarm.code).to.equal(2)
    expect(alarm.stdout).to.match(/^error: The last run .* ended with an error/)
  })
})

describe('what held a run up', function () {
  this.timeout(60_000)

  it('by waiting is told of the image and the run, with whom it was for', async () => {
    const lab = makeLab()
    const mac = simulatedMac(lab.source)
    mac.addUser('bob', { fileVault: 'sparsebundle' })
    const stateFolder = protect(lab, {
      ...mac.configuration,
      watch: { mode: 'off' },
      policies: [{ ifInUse: 'wait', waitMinutes: 10 }],
    })
    mac.logIn('bob')
    const result = await night('ours', lab, stateFolder, {
      occasions: [{ logged: /Waiting for .*bob\.sparsebundle/, act: () => setTimeout(() => mac.logOut('bob'), 700) }],
    })
    const image = result.image('bob.sparsebundle')
    expect(image).to.include({ verdict: 'proven' })
    expect(image.waitedFor).to.include('bob')
    expect(result.report.counts.waitedSeconds).to.equal(image.waitedSeconds).and.to.be.at.least(1)
    expect(result.said.join('\n')).to.match(/^proven after a wait of \d+ s for .*bob.*: .*bob\.sparsebundle \(bob\)/m)
    expect(result.said.at(-1)).to.match(/; the run waited \d+ s \(/)
    const [line] = history(stateFolder)
    expect(line?.images[0]).to.include({ backedUp: true, waitedSeconds: image.waitedSeconds })
    expect(line?.images[0]?.usedBy).to.include('bob')
    const { stdout } = await status(lab)
    expect(stdout).to.match(/^Last run: .* It waited \d+ s\.$/m)
    expect(stdout).to.match(
      /bob\.sparsebundle: backed up in 1 of 1 run; waited for once, \d+ s in all; used by .*bob.*; the last run waited \d+ s\.$/m,
    )
  })

  it('by pauses of rsync is told likewise, as the journal of the watch has it', async () => {
    const set = backupSet({ config: { watch: { interval: 0.1 } } })
    const journal = join(set.stateFolder, 'watch.jsonl')
    await nightOf(set)
    const slot = history(set.stateFolder)[0]?.images[0]?.slot ?? ''
    const result = await nightOf(set, {
      at: {
        'before-rsync': async () => {
          await begun(set.stateFolder)
          const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 3, 0, second)).toISOString()
          for (const [event, second] of [
            ['paused', 0],
            ['resumed', 180],
            ['paused', 200],
            ['resumed', 230],
          ] as const)
            appendFileSync(journal, journalLine({ at: at(second), event, slot }))
        },
      },
    })
    expect(result.image('bob.sparsebundle')).to.include({ verdict: 'proven', pausedSeconds: 210 })
    expect(result.report.counts).to.include({ pausedSeconds: 210, waitedSeconds: 0 })
    expect(result.said.join('\n')).to.match(/^proven after a pause of rsync of 4 min: .*bob\.sparsebundle/m)
    expect(result.said.at(-1)).to.contain('; the run had rsync paused for 4 min (')
    expect(history(set.stateFolder)[1]).to.include({ pausedSeconds: 210 })
    const { stdout } = await status(set.lab)
    expect(stdout).to.contain('rsync paused once, 4 min in all; the last run had rsync paused for 4 min.')
    const document = JSON.parse((await status(set.lab, '--json')).stdout) as StatusReport
    expect(document.lastRun).to.include({ pausedSeconds: 210 })
    expect(document.trends[0]?.last).to.include({ pausedSeconds: 210 })
  })
})

/** Returns once the watch of the running night has begun. */
function begun(stateFolder: string): Promise<void> {
  const journal = join(stateFolder, 'watch.jsonl')
  return new Promise((resolve) => {
    const look = (): void => {
      if (!existsSync(journal) || !readFileSync(journal, 'utf8').includes('"begin"')) return
      watcher.close()
      resolve()
    }
    const watcher = watch(stateFolder, look)
    look()
  })
}

describe('a history that cannot be used', function () {
  this.timeout(60_000)
  afterEach(unmountSmallDisks)

  it('is a warning: the copies are judged as ever, status tells the rest, and the next run begins anew', async () => {
    const set = backupSet({ config: calm })
    const file = join(set.stateFolder, 'history.jsonl')
    mkdirSync(file, { recursive: true })
    const result = await nightOf(set)
    expect(result.exitCode).to.equal(0)
    expect(result.image('bob.sparsebundle')).to.include({ verdict: 'proven', loudness: 'fine' })
    expect(result.codes).to.deep.equal(['history-unreadable', 'history-unwritten'])
    expect(result.record.state).to.equal('finished')
    const plain = await status(set.lab)
    expect(plain.code).to.equal(1)
    expect(plain.stdout).to.match(/bob\.sparsebundle +proven/)
    expect(plain.stdout).to.match(/^warning: What became of earlier runs cannot be read\. .*history\.jsonl/m)
    rmdirSync(file)
    expect((await nightOf(set)).codes).to.deep.equal([])
    expect(told(set.stateFolder)).to.deep.equal(['post proven'])
  })

  for (const [what, spoil, mend, says] of [
    ['full', 'fill', 'free', /the disk is full/],
    ['read-only', 'readOnly', 'writable', /the disk is mounted read-only/],
  ] as const) {
    it(`since the disk with our state is ${what} from rsync on is said, without a crash; the next run notes the night`, async function () {
      const folder = temporaryFolder()
      mkdirSync(join(folder, 'state'), { mode: 0o700 })
      const disk = smallDisk(this, join(folder, 'state'))
      const set = backupSet({ config: calm, folder })
      const file = join(set.stateFolder, 'history.jsonl')
      const fill = (): void => {
        // A file's last page has room left where the disk has none.
        appendFileSync(file, '\n'.repeat(4096 - (statSync(file).size % 4096)))
        disk.fill()
      }
      const actions = {
        free: () => disk.free(),
        fill,
        readOnly: () => disk.readOnly(true),
        writable: () => disk.readOnly(false),
      }
      await nightOf(set)
      const spoiled = await nightOf(set, { broken: true, at: { 'after-rsync': () => actions[spoil]() } })
      expect(spoiled.exitCode).to.equal(0)
      expect(spoiled.output).not.to.match(/a bug of ours|\.js:\d+|ended unexpectedly/)
      const line = spoiled.said.find((one) => one.includes('could not be noted in the history'))
      expect(line)
        .to.match(/^WARNING! /)
        .and.to.match(says)
      actions[mend]()
      const next = await nightOf(set)
      expect(next.image('bob.sparsebundle').verdict).to.equal('proven')
      expect(told(set.stateFolder)).to.deep.equal(['post proven', 'late complete', 'post proven'])
    })
  }
})
