import { readdirSync } from 'node:fs'
import { expect } from 'chai'
import { volumeFindings } from '../../../lib/doctor/destination.js'
import { actionFindings, type ActionFile } from '../../../lib/doctor/actions.js'
import { folderFindings, sourceFindings } from '../../../lib/doctor/places.js'
import { backupSource } from '../../../lib/lbackup/backup-source.js'
import { probeVolume } from '../../../lib/system/volume-probe.js'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

const codes = (findings: readonly { code: string }[]): string[] => findings.map(({ code }) => code)

describe('the place of a configuration', () => {
  it('is doomed below /etc/lbackup on a Debian, and nowhere else', () => {
    expect(codes(folderFindings('/etc/lbackup/set' as RawPath, true))).to.deep.equal(['configuration-folder-doomed'])
    expect(codes(folderFindings('/etc/lbackup' as RawPath, true))).to.deep.equal(['configuration-folder-doomed'])
    expect(folderFindings('/etc/lbackup/set' as RawPath, false)).to.deep.equal([])
    expect(folderFindings('/etc/lbackup2/set' as RawPath, true)).to.deep.equal([])
  })
})

describe('a source that is a link', () => {
  it('is worse without a slash at its end', () => {
    const severity = (written: string): unknown =>
      sourceFindings({ source: backupSource(written as RawPath), stands: 'link' })[0]?.severity
    expect(severity('/data/src')).to.equal('error')
    expect(severity('/data/src/')).to.equal('warning')
  })
})

describe('a volume', () => {
  it('is tried by doing, and left as it was', () => {
    const folder = temporaryFolder()
    const probe = probeVolume(fromText(folder))
    expect(probe).to.include({ hardLinks: true, rename: true })
    expect(probe.timeStepSeconds).to.be.below(1)
    expect(probe.keepsOwner).to.equal(process.getuid?.() === 0 ? true : undefined)
    expect(readdirSync(folder)).to.deep.equal([])
  })

  it('that cannot be written to is an error with the cure', () => {
    expect(() => probeVolume('/proc' as RawPath)).to.throw(/^\/proc /)
  })

  it('is found wanting for each thing it cannot do', () => {
    const good = { hardLinks: true, rename: true, timeStepSeconds: 0.001, keepsOwner: undefined }
    const of = (lack: object): string[] =>
      volumeFindings('/b' as RawPath, { ...good, ...lack }).map(({ code, severity }) => `${severity} ${code}`)
    expect(of({})).to.deep.equal([])
    expect(of({ keepsOwner: true })).to.deep.equal([])
    expect(of({ hardLinks: false })).to.deep.equal(['error destination-without-links'])
    expect(of({ rename: false })).to.deep.equal(['error destination-without-rename'])
    expect(of({ timeStepSeconds: 1 })).to.deep.equal(['info destination-times-coarse'])
    expect(of({ timeStepSeconds: 2 })).to.deep.equal(['warning destination-times-coarse'])
    expect(of({ keepsOwner: false })).to.deep.equal(['warning destination-loses-owners'])
  })
})

describe('actions', () => {
  const action = (phase: 'pre' | 'post', name: string, text = 'true', more: Partial<ActionFile> = {}): ActionFile => ({
    phase,
    path: `/b/resources/${phase}-actions/${name}` as RawPath,
    kind: 'file',
    executable: true,
    size: text.length,
    text,
    ...more,
  })
  const of = (...files: ActionFile[]): string[] => codes(actionFindings(files))

  it('that LBackup passes over are named, whatever keeps them from running', () => {
    for (const more of [{ executable: false }, { size: 0 }, { kind: 'folder' }, { kind: 'dangling-link' }] as const) {
      expect(of(action('pre', 'BACKUP-500-mail', 'true', more))).to.deep.equal(['action-not-run'])
    }
  })

  it('that mount or unmount are judged by what they do and when', () => {
    const wrong = [
      action('pre', 'BACKUP-900', 'mount -t nfs a:/b /c'),
      action('pre', 'BACKUP-900', '\tdiskutil mountDisk disk2'),
      action('pre', 'BACKUP-851-mount'),
      action('pre', 'BACKUP-900', 'if ! hdiutil attach "$image"; then exit 129; fi'),
    ]
    for (const file of wrong) expect(of(file), file.text).to.deep.equal(['mount-too-late'])
    for (const text of ['umount /c', 'diskutil eject disk2', 'sync; hdiutil detach disk2']) {
      expect(of(action('post', 'BACKUP-040', text)), text).to.deep.equal(['unmount-too-early'])
    }
    const right = [
      action('pre', 'BACKUP-840', 'mount /c'),
      action('pre', 'BACKUP-900', '# mount /c\ntrue'),
      action('pre', 'BACKUP-900', 'echo amount of'),
      action('pre', 'BACKUP-900-unmount', 'umount /c'),
      action('post', 'BACKUP-500', 'umount /c'),
      action('post', 'BACKUP-040', 'mount /c'),
    ]
    expect(of(...right)).to.deep.equal([])
  })
})
