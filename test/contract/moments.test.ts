import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect } from 'chai'
import { hosts, makeLab, needHost, runSession, type Host, type SessionResult } from '../support/session/index.js'

for (const host of hosts) {
  describe(`moments of a session of ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(120_000)
    before(function () {
      needHost(this, host)
    })

    it('what changes after the pre hooks and before rsync is in the section, what changes later is not', async () => {
      const lab = makeLab()
      const put = (name: string) => () => writeFileSync(join(lab.source, name), name)
      lab.hook('pre', 'BACKUP-850-x', `ls '${lab.source}' >'${lab.folder}/seen'`)
      const result = await runSession(host, lab, { at: { 'before-rsync': put('early'), 'after-rsync': put('late') } })
      expect(result.exitCode).to.equal(0)
      expect(readFileSync(join(lab.folder, 'seen'), 'utf8')).to.equal('')
      expect(readdirSync(join(lab.destination, 'Section.0/source'))).to.deep.equal(['early'])
      expect(readdirSync(lab.source).sort()).to.deep.equal(['early', 'late'])
    })

    it('a file that vanishes while rsync copies fails the run, unless ignore_rsync_vanished_files is YES', async () => {
      const [failed, ignored] = await Promise.all([vanishing(host, 'NO'), vanishing(host, 'YES')])
      expect(failed.log).to.contain('(code 24)')
      expect(failed).to.include({ exitCode: 255 })
      expect(failed.sections).not.to.include('Section.0')
      expect(ignored.log).to.contain('(code 24)')
      expect(ignored).to.include({ exitCode: 0 })
      expect(ignored.sections).to.deep.equal(['Section.0'])
    })
  })
}

/** Slows rsync through the option the configuration lets pass, and removes a file once rsync is busy with another. */
async function vanishing(host: Host, ignore: string): Promise<SessionResult> {
  const lab = makeLab({ settings: { hardlink_option: '--bwlimit=200', ignore_rsync_vanished_files: ignore } })
  writeFileSync(join(lab.source, 'a-large'), Buffer.alloc(400 * 1024, 'x'))
  writeFileSync(join(lab.source, 'b-vanishes'), 'x')
  const busy = join(lab.destination, 'Section.inprogress/source')
  let ended = false
  const names = (): string[] => {
    try {
      return readdirSync(busy)
    } catch {
      return []
    }
  }
  const vanish = async (): Promise<void> => {
    while (!ended && !names().some((name) => name.startsWith('.a-large'))) await setImmediate()
    rmSync(join(lab.source, 'b-vanishes'))
  }
  const gone = vanish()
  const result = await runSession(host, lab).finally(() => (ended = true))
  await gone
  return result
}

describe('our stand-in', () => {
  it('splits a configuration folder with a blank as LBackup does: hooks run, then 129', async () => {
    const lab = makeLab({ configurationFolderName: 'my config' })
    lab.hook('pre', 'BACKUP-100-x', `printf '%s\\n' "$#" >'${lab.folder}/argc'`)
    expect((await runSession('ours', lab, { folder: lab.folder })).exitCode).to.equal(129)
    expect(readFileSync(join(lab.folder, 'argc'), 'utf8')).to.equal('2\n')
  })

  it('copies over ssh, tests the connection first, and tells the hooks', async () => {
    const lab = makeLab({
      settings: { useSSH: 'YES', sshRemoteUser: 'root', sshRemoteServer: 'client', SSHTest: 'YES' },
    })
    const ssh = lab.hook(
      'pre',
      'ssh',
      `[ "$1" = root@client ] || [ "$3" = client ] || exit 9\nwhile [ "$1" != client ] && [ "$1" != root@client ]; do shift; done; shift\nexec bash -c "$*"`,
    )
    writeFileSync(join(lab.source, 'file'), 'text')
    lab.hook('pre', 'BACKUP-100-x', `echo "$useSSH $sshSource" >'${lab.folder}/told'`)
    const result = await runSession('ours', lab, { ssh })
    expect(result).to.include({ exitCode: 0 })
    expect(readFileSync(join(lab.folder, 'told'), 'utf8')).to.equal('YES root@client\n')
    expect(readdirSync(join(lab.destination, 'Section.0/source'))).to.deep.equal(['file'])
    const refused = await runSession('ours', lab, { ssh: '/bin/false' })
    expect(refused.exitCode).to.equal(255)
  })

  it('runs an override script instead of the hooks, and none at all where that is not executable', async () => {
    const lab = makeLab()
    const override = lab.hook('pre', 'override', `echo "$# $ACTION_DIRECTORY" >'${lab.folder}/ran'; exit 129`)
    lab.hook('pre', 'BACKUP-100-x', 'exit 129')
    lab.set({ backup_pre_action_script: override })
    expect((await runSession('ours', lab)).exitCode).to.equal(129)
    expect(readFileSync(join(lab.folder, 'ran'), 'utf8')).to.equal('1 \n')
    writeFileSync(join(lab.folder, 'not-executable'), 'exit 129')
    lab.set({ backup_pre_action_script: join(lab.folder, 'not-executable') })
    expect((await runSession('ours', lab)).exitCode).to.equal(0)
  })

  it('passes the caller’s variables on, and none of its own', async () => {
    const lab = makeLab()
    mkdirSync(join(lab.folder, 'work'))
    lab.hook(
      'pre',
      'BACKUP-100-x',
      `env | grep -c SESSION_ >'${lab.folder}/own'; echo "$MINE $(pwd)" >'${lab.folder}/mine'`,
    )
    await runSession('ours', lab, {
      at: {},
      pauseSeconds: 0,
      environment: { MINE: 'yes' },
      folder: join(lab.folder, 'work'),
    })
    expect(readFileSync(join(lab.folder, 'own'), 'utf8')).to.equal('0\n')
    expect(readFileSync(join(lab.folder, 'mine'), 'utf8')).to.equal(`yes ${lab.folder}/work\n`)
  })
})
