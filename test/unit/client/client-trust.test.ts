import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { skip } from '../../support/skip.js'
import { clientLab, eachShell, nonce, parse, parts, shells, type ClientLab } from './client-lab.js'

const status = (lab: ClientLab): string => lab.call('version').status

describe('client: what it trusts', () => {
  eachShell((shell) => {
    const run = (lab: ClientLab, program: string, cwd: string): string => {
      const words = [...shells[lab.shell].slice(1), program, '1', nonce, 'version']
      return parse(spawnSync(shells[lab.shell][0], words, { cwd, env: {} }).stdout, 'version').status
    }

    it('refuses a configuration that is missing, a link or a folder', () => {
      const lab = clientLab(shell)
      expect(status(lab)).to.equal('ok')
      renameSync(lab.config, `${lab.config}.real`)
      expect(status(lab)).to.equal('refused')
      symlinkSync(`${lab.config}.real`, lab.config)
      expect(status(lab)).to.equal('refused')
      rmSync(lab.config)
      mkdirSync(lab.config)
      expect(status(lab)).to.equal('refused')
    })

    for (const part of ['client.conf', ...parts]) {
      it(`refuses to run where others may write ${part}`, function () {
        const lab = clientLab(shell)
        const path = join(dirname(lab.program), part)
        for (const mode of [0o646, 0o664]) {
          chmodSync(path, mode)
          expect(status(lab), mode.toString(8)).to.equal('refused')
        }
        chmodSync(path, 0o755)
        expect(status(lab)).to.equal('ok')
        if (process.getuid?.() !== 0) skip(this, 'only root can give files away')
        chownSync(path, 12345, 12345)
        expect(status(lab)).to.equal('refused')
      })
    }

    it('refuses to run where others may write a folder on the way', () => {
      const lab = clientLab(shell)
      for (const folder of [dirname(lab.program), lab.folder]) {
        chmodSync(folder, 0o775)
        expect(status(lab), folder).to.equal('refused')
        chmodSync(folder, 0o755)
      }
      chmodSync(lab.folder, 0o1777)
      expect(status(lab)).to.equal('ok')
    })

    it('trusts what belongs to whoever runs it', function () {
      if (process.getuid?.() !== 0) skip(this, 'only root can be somebody else')
      const lab = clientLab(shell)
      chownSync(lab.config, 65534, 65534)
      expect(lab.call('version', [], { uid: 65534 }).status).to.equal('ok')
      expect(status(lab)).to.equal('refused')
    })

    it('finds its parts beside itself, from any folder and through links', () => {
      const lab = clientLab(shell)
      const elsewhere = join(lab.folder, 'else where')
      mkdirSync(elsewhere)
      symlinkSync('../program/lbackup-filevault-client', join(elsewhere, 'one'))
      symlinkSync(join(elsewhere, 'one'), join(elsewhere, 'two'))
      expect(run(lab, join(elsewhere, 'two'), '/')).to.equal('ok')
      expect(run(lab, './two', elsewhere)).to.equal('ok')
      expect(run(lab, 'program/lbackup-filevault-client', lab.folder)).to.equal('ok')
      expect(run(lab, lab.program, elsewhere)).to.equal('ok')
    })

    it('does not look for itself in the folder where it is started', () => {
      const lab = clientLab(shell)
      expect(run(lab, 'lbackup-filevault-client', dirname(lab.program))).to.equal('refused')
    })

    it('runs no program that a caller puts in its way', () => {
      const lab = clientLab(shell)
      const [bin, log] = [join(lab.folder, 'bin'), join(lab.folder, 'log')]
      mkdirSync(bin)
      writeFileSync(log, '')
      for (const name of ['awk', 'find', 'id', 'date', 'readlink', 'tr', 'cat']) {
        writeFileSync(join(bin, name), `#!/bin/sh\necho ${name} >>${log}\n`, { mode: 0o755 })
      }
      const env = { PATH: bin, CDPATH: bin, ENV: join(bin, 'id'), BASH_ENV: join(bin, 'id'), IFS: '/', LC_ALL: 'de_DE' }
      expect(lab.call('version', [], { env }).status).to.equal('ok')
      expect(lab.call('look', [], { env, cwd: bin }).status).to.equal('ok')
      expect(readFileSync(log, 'utf8')).to.equal('')
    })

    const bad: readonly (readonly [string, string])[] = [
      ['a key that is not known', 'colour red'],
      ['a relative root', 'root Users'],
      ['a root with ..', 'root /Users/../etc'],
      ['a root that ends in /', 'root /Users/'],
      ['a root without a path', 'root'],
      ['seconds that are none', 'max-seconds 1h'],
      ['entries that are none', 'max-entries -1'],
      ['no seconds', 'max-seconds 0'],
      ['a number too long', 'max-entries 99999999999'],
      ['a platform that is none', 'platform beos'],
      ['a relative program', 'tool-who who'],
      ['a program that is not asked', 'tool-perl /usr/bin/perl'],
    ]
    for (const [what, line] of bad) {
      it(`refuses a configuration with ${what}`, () => {
        const lab = clientLab(shell)
        lab.configure(line)
        const answer = lab.call('version')
        expect([answer.status, answer.problems.length]).to.deep.equal(['refused', 1])
      })
    }

    it('refuses a configuration without a root', () => {
      const lab = clientLab(shell)
      writeFileSync(lab.config, '# root /Users\n')
      expect(status(lab)).to.equal('refused')
    })

    it('reads comments, roots with blanks, what is for the gate, and a last line without an end', () => {
      const lab = clientLab(shell)
      mkdirSync(join(lab.folder, 'a  b * '))
      const gate = ['rsync /usr/bin/rsync', 'growlout yes', 'log /var/log/gate.log', 'wrapper /opt/w']
      writeFileSync(lab.config, ['# comment', '', ...gate, `root ${lab.folder}/a  b * `].join('\n'))
      const answer = lab.call('version')
      expect(answer.after('root')).to.deep.equal([`${Buffer.from(`${lab.folder}/a  b * `).toString('hex')} ok`])
    })
  })
})
