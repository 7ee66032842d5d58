import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { simulatedMac, type SimulatedMac } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { hosts, makeLab, needHost, type Lab } from '../support/session/index.js'
import { night, slowly } from './support/night.js'

interface Scene {
  readonly lab: Lab
  readonly mac: SimulatedMac
  readonly stateFolder: string
}

function scene(settings: Record<string, string> = {}, config: Record<string, unknown> = {}): Scene {
  const lab = makeLab({ settings, excludes: '*.tmp\n' })
  const mac = simulatedMac(lab.source)
  mac.addUser('alice')
  mac.addUser('bob', { fileVault: 'sparsebundle' })
  return { lab, mac, stateFolder: protect(lab, { ...mac.configuration, ...config }) }
}

const whenErrors = { post_actions_on_backup_error: 'YES' }

/** Kills the hook of this name in a session: the launcher and Node. */
function killHook(group: number, name: string): void {
  const list = execFileSync('ps', ['-eo', 'pid=,pgid=,args='], { encoding: 'utf8' })
  const pids = list
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((found) => found !== null && Number(found[2]) === group && found[3]?.includes(name) === true)
    .map((found) => Number(found?.[1]))
  expect(pids).not.to.be.empty
  // All at once: the launcher would answer for Node.
  execFileSync('kill', ['-KILL', ...pids.map(String)])
}

for (const host of hosts) {
  describe(`a backup that fails, with ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(180_000)
    before(function () {
      needHost(this, host)
    })

    it('makes no new section: the post hook says so and judges nothing', async () => {
      const { lab, stateFolder } = scene(whenErrors)
      const first = await night(host, lab, stateFolder)
      expect(first.exitCode).to.equal(0)
      // rsync ends with code 23 for a link to nothing, where it is to follow links.
      lab.set({ hardlink_option: '--copy-links' })
      symlinkSync('nowhere', join(lab.source, 'alice/link'))
      const failed = await night(host, lab, stateFolder)
      expect(failed.log).to.contain('(code 23)')
      expect(failed.exitCode).to.equal(255)
      expect(failed.sections).to.deep.equal(['Section.0', 'Section.inprogress'])
      expect(failed.codes).to.deep.equal(['no-new-section'])
      expect(failed.said.join('\n')).to.match(
        /^WARNING! LBackup made no new section \(Section\.0 is still the one from before\); no copy was judged\./m,
      )
      expect(failed.status.slots[0]).to.include({ lastVerdict: 'proven' })
    })
  })
}

describe('a backup without its pre hook', function () {
  this.timeout(60_000)

  it('has nothing planned: every image in it is told as an error', async () => {
    const { lab, stateFolder } = scene(whenErrors)
    await night('ours', lab, stateFolder)
    unlinkSync(join(lab.configurationFolder, 'resources/pre-actions/BACKUP-850-filevault'))
    const result = await night('ours', lab, stateFolder)
    expect(result.exitCode).to.equal(0)
    expect(result.codes).to.deep.equal(['pre-hook-missing'])
    expect(result.said[0]).to.match(
      /^ERROR! The pre-backup hook did not run in this backup\. Nothing is known of what used .* Run: lbackup-filevault doctor /,
    )
    expect(result.image('bob.sparsebundle')).to.include({ verdict: 'suspect', loudness: 'error' })
    expect(result.report.exitCode).to.equal(1)
  })

  it('says so in the very first night too', async () => {
    const { lab, stateFolder } = scene()
    unlinkSync(join(lab.configurationFolder, 'resources/pre-actions/BACKUP-850-filevault'))
    const result = await night('ours', lab, stateFolder)
    expect(result.said[0]).to.contain('ERROR! The pre-backup hook left no record of this run.')
  })

  it('that was killed, and LBackup went on, is told likewise', async () => {
    const { lab, mac, stateFolder } = scene({}, { policies: [{ ifInUse: 'wait', waitMinutes: 10 }] })
    mac.logIn('bob')
    const result = await night('ours', lab, stateFolder, {
      occasions: [{ logged: /Waiting for /, act: ({ pid }) => killHook(pid, 'BACKUP-850-filevault') }],
    })
    expect(result.output).to.contain('undefined pre action exit value : 137')
    expect(result.exitCode).to.equal(0)
    expect(result.codes).to.include('pre-hook-missing')
    expect(result.said.join('\n')).to.contain(
      'ERROR! The pre-backup hook did not come to its end, yet LBackup went on with the backup.',
    )
    expect(result.image('bob.sparsebundle')).to.include({ loudness: 'error' })
  })

  it('whose Node was killed is halted by the launcher, and judges nothing', async () => {
    const { lab, mac, stateFolder } = scene(whenErrors, { policies: [{ ifInUse: 'wait', waitMinutes: 10 }] })
    const first = await night('ours', lab, stateFolder)
    expect(first.exitCode).to.equal(0)
    mac.logIn('bob')
    const result = await night('ours', lab, stateFolder, {
      occasions: [{ logged: /Waiting for /, act: ({ pid }) => killHook(pid, 'pre-backup.js') }],
    })
    expect(result.exitCode).to.equal(129)
    expect(result.said.join('\n')).to.match(/ERROR! The pre-backup hook ended unexpectedly .* The backup is halted/)
    expect(result.codes).to.deep.equal(['no-new-section', 'pre-hook-missing'])
    expect(result.report.images).to.deep.equal([])
    expect(result.sections).to.deep.equal(['Section.0'])
  })
})

describe('an LBackup that is killed', function () {
  this.timeout(60_000)

  it('while rsync copies leaves a block, which the next night takes out, and tells', async () => {
    const { lab, stateFolder } = scene(slowly)
    writeFileSync(join(lab.source, 'alice/large'), Buffer.alloc(1024 * 1024))
    await night('ours', lab, stateFolder, {
      broken: true,
      occasions: [{ logged: /^source\/alice\/large$/m, act: ({ pid }) => process.kill(-pid, 'SIGKILL') }],
    })
    expect(readFileSync(lab.excludesFile, 'utf8')).to.contain('[lbackup-filevault]')
    rmSync(lab.lockFile)
    const next = await night('ours', lab, stateFolder, { broken: true })
    expect(next.exitCode).to.equal(0)
    expect(readFileSync(lab.excludesFile, 'utf8')).to.equal('*.tmp\n')
    expect(next.said.join('\n')).to.match(
      /^The lock of the run that began at \S+Z, whose LBackup is gone .*, was taken over\.$/m,
    )
    expect(next.said.join('\n')).to.match(
      /^The run that began at \S+Z ended without its post-backup hook and made no section\.$/m,
    )
    expect(next.image('bob.sparsebundle').verdict).to.equal('proven')
  })

  it('after it made a section has that section judged in the next night', async () => {
    const { lab, mac, stateFolder } = scene({}, { policies: [{ ifInUse: 'copy-and-prove' }] })
    mac.logIn('bob')
    const kill = lab.hook('post', 'BACKUP-000-kill', 'kill -KILL 0')
    const killed = await night('ours', lab, stateFolder, { broken: true })
    expect(killed.exitCode).to.equal(137)
    expect(killed.sections).to.deep.equal(['Section.0'])
    rmSync(kill)
    rmSync(lab.lockFile)
    mac.logOut('bob')
    const next = await night('ours', lab, stateFolder, { broken: true })
    expect(next.exitCode).to.equal(0)
    const said = next.said.join('\n')
    expect(said).to.match(
      /^WARNING! The run that began at \S+Z ended without its post-backup hook; its 1 copy in Section\.0 was looked at now\./m,
    )
    expect(said).to.match(/^WARNING! In that run, .*\.bob\/bob\.sparsebundle is suspect: /m)
    expect(next.image('bob.sparsebundle').verdict).to.equal('proven')
    const third = await night('ours', lab, stateFolder)
    expect(third.codes).to.deep.equal([])
  })
})
