import { expect } from 'chai'
import { backupSource } from '../../../lib/lbackup/backup-source.js'
import { hookEnvironment } from '../../../lib/lbackup/environment.js'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { fromLatin1, fromText } from '../../../lib/text/raw-path.js'

const given = {
  backupConfigurationFilePath: '/b/config/test.conf',
  backupConfigurationFolderPath: '/b/config',
  backupSource: '/b/src',
  backupDest: '/b/dest/',
  logFile: '/b/config/backup.log',
  numRotations: '3',
  useSSH: 'NO',
  sshSource: '@',
  ACTION_DIRECTORY: '/b/config/resources/pre-actions',
}

const codeOf = (environment: Record<string, string | undefined>): string => {
  try {
    hookEnvironment(environment)
    return 'none'
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    expect(error.cure).not.to.equal('')
    return error.code
  }
}

describe('the environment of a hook', () => {
  it('is read', () => {
    expect(hookEnvironment(given)).to.deep.equal({
      phase: 'pre',
      configurationFile: '/b/config/test.conf',
      configurationFolder: '/b/config',
      backupSource: { asWritten: '/b/src', path: '/b/src', trailingSlash: false },
      backupDest: '/b/dest',
      logFile: '/b/config/backup.log',
      numRotations: 3,
      useSSH: false,
    })
  })
  it('of a post hook has the status, also for any word that is not SUCCESS', () => {
    const post = {
      ...given,
      ACTION_DIRECTORY: '/x/post-actions',
      backup_status: 'FIALED',
      pre_backup_script_status: 'SUCCESS',
    }
    expect(hookEnvironment(post)).to.include({ phase: 'post', backupStatus: 'failed', preActionStatus: 'success' })
  })
  it('of an override script has no action folder: the status tells the phase', () => {
    const override = { ...given, ACTION_DIRECTORY: undefined }
    expect(hookEnvironment(override).phase).to.equal('pre')
    expect(hookEnvironment({ ...override, backup_status: 'SUCCESS' }).phase).to.equal('post')
  })
  it('reads numRotations as LBackup does', () => {
    expect(hookEnvironment({ ...given, numRotations: '08' }).numRotations).to.equal(8)
    for (const numRotations of ['0', '-1', '3x', '1.5', '99999999999']) {
      expect(codeOf({ ...given, numRotations }), numRotations).to.equal('rotations-invalid')
    }
  })
  it('keeps the client’s paths apart: a relative one is fine over ssh only', () => {
    expect(hookEnvironment({ ...given, useSSH: 'YES', sshSource: 'root@mac', backupSource: 'src' })).to.deep.include({
      useSSH: true,
      sshSource: 'root@mac',
      backupSource: { asWritten: 'src', path: 'src', trailingSlash: false },
    })
    expect(codeOf({ ...given, backupSource: 'src' })).to.equal('path-relative')
    expect(codeOf({ ...given, backupDest: 'dest' })).to.equal('path-relative')
  })
  it('is refused outside of LBackup, and when something is missing', () => {
    expect(codeOf({ HOME: '/root' })).to.equal('not-started-by-lbackup')
    expect(codeOf({ ...given, ACTION_DIRECTORY: '/x/mail-actions' })).to.equal('action-folder-unknown')
    for (const name of ['backupSource', 'backupDest', 'logFile', 'numRotations', 'backupConfigurationFolderPath']) {
      expect(codeOf({ ...given, [name]: '' }), name).to.equal('environment-incomplete')
    }
  })
  it('takes a name that is no UTF-8 from the bytes', () => {
    const environment = { ...given, backupSource: '/b/s\ufffdrc' }
    const environ = fromLatin1('A=1\0XbackupSource=/no\0backupSource=/b/s\xe9rc\0')
    expect(hookEnvironment(environment, environ).backupSource.path).to.equal('/b/s\xe9rc')
    expect(codeOf(environment)).to.equal('environment-not-utf8')
    expect(hookEnvironment({ ...given, backupSource: '/b/é' }).backupSource.path).to.equal(fromText('/b/é'))
  })
})

describe('backupSource', () => {
  const cases: [written: string, path: string, trailingSlash: boolean][] = [
    ['/a/b', '/a/b', false],
    ['/a/b/', '/a/b', true],
    ['/a//b//', '/a/b', true],
    ['/a/b/.', '/a/b', true],
    ['/a/b/./', '/a/b', true],
    ['/', '/', true],
    ['/a/.b', '/a/.b', false],
    ['/a/b.', '/a/b.', false],
  ]
  for (const [written, path, trailingSlash] of cases) {
    it(`${written} is ${trailingSlash ? 'the contents of ' : ''}${path}`, () => {
      expect(backupSource(fromText(written))).to.deep.equal({ asWritten: written, path, trailingSlash })
    })
  }
})
