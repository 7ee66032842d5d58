import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { clientFiles } from '../../../lib/install/client.js'
import { applyScript, authorizedLine, clientFolder, clientScript } from '../../../lib/install/client-script.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIabc= backup@server'

describe('the script that puts our program on a client', () => {
  let folder: string
  const run = (script: string, env: Record<string, string> = {}): string =>
    execFileSync('/bin/sh', ['-s'], { input: script.replaceAll(clientFolder, folder), env, encoding: 'utf8' })
  beforeEach(() => {
    folder = join(temporaryFolder(), 'libexec')
  })

  it('writes every file as it comes with the package, and a configuration with the roots', () => {
    const files = clientFiles()
    expect(run(clientScript(files, [fromText('/Users'), fromText('/Volumes/My Data')]))).to.equal('installed\n')
    expect(readdirSync(folder).sort()).to.deep.equal([...files.map(({ name }) => name), 'client.conf'].sort())
    for (const { name, text } of files) {
      expect(readFileSync(join(folder, name), 'utf8'), name).to.equal(text.replaceAll(clientFolder, folder))
      expect(statSync(join(folder, name)).mode & 0o777, name).to.equal(0o755)
    }
    const conf = readFileSync(join(folder, 'client.conf'), 'utf8').split('\n')
    expect(conf.filter((line) => line.startsWith('root '))).to.deep.equal(['root /Users', 'root /Volumes/My Data'])
  })

  it('run again brings the program up to date and leaves the configuration alone', () => {
    run(clientScript(clientFiles(), [fromText('/Users')]))
    writeFileSync(join(folder, 'client.conf'), 'root /Other\n')
    writeFileSync(join(folder, 'ssh-gate'), 'old')
    run(clientScript(clientFiles(), [fromText('/Users')]))
    expect(readFileSync(join(folder, 'client.conf'), 'utf8')).to.equal('root /Other\n')
    expect(readFileSync(join(folder, 'ssh-gate'), 'utf8')).not.to.equal('old')
  })

  it('binds a key to the gate, in place of every line of that key, and touches no other', () => {
    const line = authorizedLine(`${key}\n`) as string
    expect(line).to.equal(`command="${clientFolder}/ssh-gate",restrict ${key}`)
    const home = temporaryFolder()
    mkdirSync(join(home, '.ssh'))
    const other = 'ssh-rsa AAAAB3other= admin@desk'
    writeFileSync(join(home, '.ssh/authorized_keys'), `${key}\n${other}\nno-pty ${key}\n`)
    expect(run(applyScript(line), { HOME: home })).to.equal('applied\n')
    const bound = line.replaceAll(clientFolder, folder)
    expect(readFileSync(join(home, '.ssh/authorized_keys'), 'utf8')).to.equal(`${other}\n${bound}\n`)
    run(applyScript(line), { HOME: home })
    expect(readFileSync(join(home, '.ssh/authorized_keys'), 'utf8')).to.equal(`${other}\n${bound}\n`)
  })

  it('takes nothing for a key that is none, or more than one', () => {
    for (const text of ['', 'hello', `${key}\n${key}\n`, `command="x" ${key}`, 'ssh-ed25519 AAAA\nrm -rf /']) {
      expect(authorizedLine(text), text).to.equal(undefined)
    }
  })
})
