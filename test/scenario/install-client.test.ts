import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { runCli } from '../unit/cli/run.js'
import { clientFiles } from '../../lib/install/client.js'
import { protect } from '../support/protect.js'
import { makeLab, type Lab } from '../support/session/index.js'
import { skip } from '../support/skip.js'
import { clientMachine, settingsOfClient, type ClientMachine } from '../support/ssh/client-machine.js'

describe('install --client, over a real sshd', function () {
  this.timeout(60_000)
  let lab: Lab
  let client: ClientMachine
  let libexec: string
  let home: string

  before(function () {
    if (process.geteuid?.() !== 0) skip(this, 'only root can give a client files of its own')
  })
  beforeEach(async () => {
    lab = makeLab({ settings: settingsOfClient })
    libexec = join(lab.folder, 'libexec')
    home = join(lab.folder, 'home')
    for (const folder of [libexec, home]) mkdirSync(folder)
    // A login that may run a shell; the client's libexec and home are its own.
    const shell = join(lab.folder, 'shell')
    writeFileSync(shell, `#!/bin/sh\nHOME='${home}' && export HOME && eval "$SSH_ORIGINAL_COMMAND"\n`, { mode: 0o755 })
    client = await clientMachine(lab, { forced: shell, libexec })
    protect(lab, { tools: { ssh: client.ssh } })
  })
  afterEach(() => client.stop())

  async function install(...args: string[]): Promise<{ code: number; out: string }> {
    const { code, stdout, stderr } = await runCli(
      'install',
      '--client',
      'root@client',
      '--config',
      lab.configurationFile,
      ...args,
    )
    return { code, out: `${stdout}${stderr}` }
  }

  it('puts the program there, names the source as its root, tries the gate, and prints the line of a key', async () => {
    const key = join(lab.folder, 'client/ssh/user.pub')
    const { code, out } = await install('--key', key)
    expect(code, out).to.equal(0)
    const folder = join(libexec, 'lbackup-filevault')
    expect(readdirSync(folder)).to.include.members(clientFiles().map(({ name }) => name))
    expect(readFileSync(join(folder, 'client.conf'), 'utf8')).to.contain(`root ${lab.source}\n`)
    expect(out).to.contain('its gate was tried and works')
    expect(out).to.contain(
      `command="/usr/local/libexec/lbackup-filevault/ssh-gate",restrict ${readFileSync(key, 'utf8').trim()}`,
    )
    expect(existsSync(join(home, '.ssh'))).to.be.false
  })

  it('binds the key to the gate, through which our program answers then and nothing else does', async () => {
    const ssh = join(lab.folder, 'client/ssh')
    symlinkSync(ssh, join(home, '.ssh'))
    const [other, run] = [
      'ssh-ed25519 AAAAB3other admin@desk',
      (word: string) => spawnSync(client.ssh, ['client', word]),
    ]
    appendFileSync(join(ssh, 'authorized_keys'), `${other}\n`)
    expect(run('id').stdout.toString(), 'the premise').to.contain('uid=0')
    const { code, out } = await install('--key', join(ssh, 'user.pub'), '--apply')
    expect(code, out).to.equal(0)
    expect(out).to.contain('our program answers through it')
    const key = readFileSync(join(ssh, 'user.pub'), 'utf8').trim()
    expect(readFileSync(join(ssh, 'authorized_keys'), 'utf8').trim().split('\n')).to.deep.equal([
      other,
      `command="/usr/local/libexec/lbackup-filevault/ssh-gate",restrict ${key}`,
    ])
    expect(run('id').stdout.toString()).to.contain('this command is denied')
    const again = await install('--key', join(ssh, 'user.pub'))
    expect(again.code).to.equal(2)
    expect(again.out).to.contain('once the key is bound to the gate, install by another key')
  })

  it('says what is wrong where no shell may be run, and where the key is none', async () => {
    const bad = join(lab.folder, 'bad.pub')
    writeFileSync(bad, 'no key\n')
    const wrong = await install('--key', bad)
    expect(wrong.code, wrong.out).to.equal(2)
    expect((await install('--apply')).code).to.equal(64)
    await client.stop()
    const { code, out } = await install()
    expect(code).to.equal(2)
    expect(out).to.match(/could not be put on root@client/)
  })
})
