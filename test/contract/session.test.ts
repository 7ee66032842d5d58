import { mkdtempSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { lockPid } from '../../lib/lbackup/process-chain.js'
import { hosts, needHost } from '../support/session/index.js'
import { environmentOf, fourNights, shortSessions, terminated, type Night } from './observations.js'

for (const host of hosts) {
  describe(`the contract with LBackup, observed on ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(180_000)
    let folder: string
    let nights: Night[]
    let facts: Record<string, unknown>
    let short: Record<string, Night>
    let endings: Awaited<ReturnType<typeof terminated>>[]

    before(async function () {
      needHost(this, host)
      folder = mkdtempSync(join(realpathSync(tmpdir()), 'lbackup-filevault-contract-'))
      const [long, brief, ...ended] = await Promise.all([
        fourNights(host, join(folder, 'nights')),
        shortSessions(host, folder),
        terminated(host, join(folder, 'terminated'), 'SIGTERM'),
        terminated(host, join(folder, 'killed'), 'SIGKILL'),
      ])
      ;({ nights, facts } = long)
      short = brief
      endings = ended
    })
    after(() => {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
    })
    const at = (index: number): Night => nights[index] as Night
    const stage = (name: string): Night => short[name] as Night

    describe('exit codes of pre hooks', () => {
      it('1, 2, 127 and a killed hook let later hooks and the backup go on', () => {
        expect(at(0).ran.slice(0, 5)).to.deep.equal([
          'BACKUP-100-dump',
          'BACKUP-200-undefined',
          'BACKUP-400-writes-excludes',
          'BACKUP-450-killed',
          'BACKUP-500-who-is-lbackup',
        ])
        expect(at(0).result.exitCode).to.equal(0)
        expect(at(0).result.sections).to.deep.equal(['Section.0'])
      })
      it('any of them makes pre_backup_script_status FAILED, none SUCCESS', () => {
        expect(environmentOf(at(0).post).preActionStatus).to.equal('failed')
        expect(environmentOf(at(1).post).preActionStatus).to.equal('success')
      })
      it('129 skips later hooks, halts the backup and runs no post hook', () => {
        expect(stage('halt').result).to.include({ exitCode: 129, lockLeft: false })
        expect(stage('halt').ran).to.deep.equal(['BACKUP-100-halt'])
        expect(stage('halt').zero).to.equal('absent')
      })
      it('129 with post actions on error: the post hook is told SUCCESS', () => {
        expect(stage('halt-poe').result.exitCode).to.equal(129)
        expect(stage('halt-poe').ran).to.deep.equal(['BACKUP-100-halt', 'BACKUP-100-dump'])
        expect(environmentOf(stage('halt-poe').post)).to.include({ backupStatus: 'success', preActionStatus: 'failed' })
      })
      it('a hook killed by HUP (128 + 1) halts too', () => {
        expect(stage('hang-up').result.exitCode).to.equal(129)
        expect(stage('hang-up').ran).to.deep.equal(['BACKUP-100-hang-up'])
      })
    })

    describe('exit codes of post hooks', () => {
      it('2 goes on, 129 skips later post hooks, the backup stays good', () => {
        expect(at(0).ran.slice(5)).to.deep.equal(['BACKUP-100-dump', 'BACKUP-200-halts'])
        expect(at(0).result.exitCode).to.equal(0)
        expect(at(0).zero).to.equal('new')
      })
      it('after 129 the log does not say that the backup was completed', () => {
        expect(at(0).result.log).not.to.contain('Backup Completed Successfully')
        expect(at(1).result.log).to.contain('Backup Completed Successfully')
      })
    })

    describe('what a hook gets', () => {
      const common = [
        ...['ACTION_DIRECTORY', 'ACTION_PREFIX', 'HOME', 'PATH', 'SCRIPT_HALT', 'SCRIPT_SUCCESS', 'SCRIPT_WARNING'],
        ...[
          'action_name',
          'backupConfigurationFilePath',
          'backupConfigurationFolderPath',
          'backupDest',
          'backupSource',
        ],
        ...['logFile', 'numRotations', 'rsync_session_log_file', 'rsync_session_log_name', 'sshSource', 'useSSH'],
      ]
      const given = (night: Night, phase: 'pre' | 'post'): string[] =>
        Object.keys(night[phase]?.variables ?? {})
          // bash's own.
          .filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name))
          .sort()
      it('a pre hook gets exactly these variables', () => {
        expect(given(at(0), 'pre')).to.deep.equal([...common].sort())
      })
      it('a post hook gets two more', () => {
        expect(given(at(0), 'post')).to.deep.equal([...common, 'backup_status', 'pre_backup_script_status'].sort())
      })
      it('the values are those we read', () => {
        const nightFolder = join(folder, 'nights')
        expect(environmentOf(at(0).pre)).to.deep.equal({
          phase: 'pre',
          configurationFile: join(nightFolder, 'config/backup.conf'),
          configurationFolder: join(nightFolder, 'config'),
          backupSource: {
            asWritten: join(nightFolder, 'my source'),
            path: join(nightFolder, 'my source'),
            trailingSlash: false,
          },
          backupDest: join(nightFolder, 'my destination'),
          logFile: join(nightFolder, 'config/backup.log'),
          numRotations: 2,
          useSSH: false,
        })
        expect(environmentOf(at(0).post)).to.include({ phase: 'post', backupStatus: 'success' })
        expect(at(0).pre?.variables).to.include({ SCRIPT_HALT: '129', sshSource: '@', action_name: 'BACKUP-100-dump' })
      })
      it('PATH is LBackup’s own', () => {
        expect(at(0).pre?.variables['PATH']).to.equal('/usr/local/bin:/bin:/sbin:/usr/bin:/usr/sbin:/usr/local/bin')
      })
      it('a pre hook’s argument is the configuration file, a post hook has none; the folder is the caller’s', () => {
        expect(at(0).pre?.argv).to.deep.equal([join(folder, 'nights/config/backup.conf')])
        expect(at(0).post?.argv).to.deep.equal([])
        expect(at(0).pre?.folder).to.equal('/')
      })
      it('LBackup’s process is found among our ancestors, by its lock and by its name', () => {
        expect(facts['byLock']).to.be.greaterThan(1)
        expect(facts['byName']).to.equal(facts['byLock'])
        expect(lockPid(facts['lockText'] as string)).to.equal(facts['byLock'])
      })
      it('a hook may write the excludes file that rsync then reads', () => {
        expect(facts['left out']).to.equal(true)
      })
    })

    describe('sections', () => {
      it('the first run makes Section.0, the second moves it to Section.1', () => {
        expect(at(1).result.sections).to.deep.equal(['Section.0', 'Section.1'])
        expect(at(1).inodes[1]).to.equal(at(0).inodes[0])
        expect(at(1).zero).to.equal('new')
      })
      it('the third run drops the oldest of two', () => {
        expect(at(2).result.sections).to.deep.equal(['Section.0', 'Section.1'])
        expect(at(2).inodes[1]).to.equal(at(1).inodes[0])
      })
      it('unchanged files share their inode across sections, never with the source', () => {
        expect(facts).to.include({ 'unchanged linked': true, 'source not linked': true })
      })
      it('a change of the same size within 20 s is missed, after 21 s it is copied', () => {
        expect(facts).to.include({ 'within 20 s': 'AAAA', 'after 21 s': 'BBBB' })
      })
      it('a failing rsync rotates nothing and leaves Section.inprogress or none; the post hook is told so', () => {
        expect(at(3).result.exitCode).to.equal(255)
        expect(at(3).inodes).to.deep.equal(at(2).inodes)
        expect(at(3).zero).to.equal('same')
        expect(environmentOf(at(3).post).backupStatus).to.equal('failed')
        expect(at(3).post?.variables['backup_status']).to.equal('FIALED')
      })
      it('a source that is a symbolic link becomes a Section.0 that is a symbolic link', () => {
        expect(stage('source-is-link').result.exitCode).to.equal(0)
        const section = join(folder, 'source-is-link/destination/Section.0')
        expect(readlinkSync(section)).to.equal(join(folder, 'source-is-link/source'))
      })
      it('a hole in the numbers stops the run after the copy, and the post hook is told SUCCESS', () => {
        expect(stage('hole').result.exitCode).to.equal(255)
        expect(stage('hole').zero).to.equal('same')
        expect(environmentOf(stage('hole').post).backupStatus).to.equal('success')
      })
    })

    describe('ends without a post hook', () => {
      const ends: [name: string, exitCode: number, preHooks: boolean][] = [
        ['source-missing', 255, true],
        ['destination-missing', 255, true],
        ['excludes-missing', 129, true],
        ['locked', 255, false],
        ['no-rotations', 255, false],
      ]
      for (const [name, exitCode, preHooks] of ends) {
        it(`${name}: exit ${String(exitCode)}, ${preHooks ? 'pre hooks only' : 'no hook at all'}`, () => {
          expect(stage(name).result.exitCode).to.equal(exitCode)
          expect(stage(name).ran).to.deep.equal(preHooks ? ['BACKUP-900-later'] : [])
        })
      }
      it('a lock that stood stays; otherwise it goes with every end', () => {
        expect(stage('locked').result.lockLeft).to.equal(true)
        for (const name of ['source-missing', 'excludes-missing', 'no-rotations', 'hang-up', 'hole']) {
          expect(stage(name).result.lockLeft, name).to.equal(false)
        }
      })
      it('TERM to LBackup alone: 143, the lock goes, the hook runs on as an orphan', () => {
        expect(endings[0]?.result).to.include({ exitCode: 143, lockLeft: false })
        expect(endings[0]?.hookRanOn).to.equal(true)
      })
      it('KILL to LBackup alone: 137, the lock stays', () => {
        expect(endings[1]?.result).to.include({ exitCode: 137, lockLeft: true })
      })
    })
  })
}
