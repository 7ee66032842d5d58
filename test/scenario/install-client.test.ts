import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
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
    const text = `mkdir -p /usr/local/libexec && mount --bind '${libexec}' /usr/local/libexec && HOME='${home}' && export HOME && eval "$SSH_ORIGINAL_COMMAND"`
    writeFileSync(shell, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    client = await clientMachine(lab, { forced: shell })
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
