import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { makeLab, needShell, shells, writeProgram, type Answer, type Lab } from './gate-lab.js'

const nonce = '0123456789abcdef'
const call = (rest: string): string => `lbackup-filevault-client 1 ${nonce} ${rest}`
const sender = '/usr/bin/rsync --server --sender'

function expectDenied(answer: Answer): void {
  expect(answer.ran).to.equal(undefined)
  expect(answer.code).to.equal(127)
  expect(answer.output.split('\n')).to.have.length(3)
  expect(answer.output).to.contain('denied')
}

describe('ssh-gate', () => {
  for (const shell of shells) {
    describe(`under ${shell.join(' ')}`, () => {
      let lab: Lab
      before(function () {
        needShell(this, shell)
      })
      beforeEach(() => {
        lab = makeLab()
      })
      const ask = (command: string | Buffer | undefined, environment = {}): Promise<Answer> =>
        lab.ask(shell, command, { environment })

      it('runs our own program, each verb with its words', async () => {
        for (const rest of [
          'version',
          'exists 2f',
          'look',
          'look 2f 2f41',
          'fingerprints 2f 2f',
          'digests 2f',
          'watch 30',
        ]) {
          const answer = await ask(call(rest))
          expect(answer.ran).to.deep.equal([
            join(lab.programs, 'lbackup-filevault-client'),
            '1',
            nonce,
            ...rest.split(' '),
          ])
          expect(answer.code).to.equal(0)
          expect(answer.output).to.contain('gate=yes')
        }
        expect(lab.log()).to.have.length(7)
        expect(lab.log()[1]).to.match(
          /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ allowed: root from 192\.0\.2\.1 50000 192\.0\.2\.2 22: our program: lbackup-filevault-client 1 0123456789abcdef exists 2f$/,
        )
      })

      it('keeps the exit status, and gives standard input on whole', async () => {
        writeProgram(join(lab.programs, 'lbackup-filevault-client'), '#!/bin/sh\ncat\nexit 9\n')
        const answer = await lab.ask(shell, call('digests 2f'), { input: 'bands/0\nbands/1\n' })
        expect(answer).to.include({ code: 9, output: 'bands/0\nbands/1\n' })
      })

      it('answers LBackup’s test as its SSHTest needs it', async () => {
        // With SSHTest="YES" LBackup adds `; exit 0` and wants status 0.
        for (const command of ['##--LBackup_SSH_Test--## ; exit 0', '##--LBackup_SSH_Test--##']) {
          expect(await ask(command)).to.deep.equal({ code: 0, output: '', ran: undefined })
        }
        expectDenied(await ask('##--LBackup_SSH_Test--## ; exit 1'))
      })

      it('runs growlout and sleepy only where that is configured', async () => {
        for (const name of ['growlout', 'sleepy']) {
          const path = join(lab.folder, 'usr/sbin', name)
          lab.configure([])
          expectDenied(await ask(path))
          lab.configure(['growlout yes'])
          expect(await ask(`${path} a b\\ c *`, { stub_status: '7' })).to.deep.include({
            code: 7,
            ran: [path, 'a', 'b c', '*'],
          })
        }
      })

      it('runs the rsync that was asked for, or the configured one', async () => {
        const source = join(lab.root, 'a')
        for (const name of [
          'usr/bin/rsync',
          'usr/local/bin/rsync',
          'usr/local/bin/rsync_v3',
          'usr/local/bin/rsync_3.2.2',
        ]) {
          const path = join(lab.folder, name)
          const { ran } = await ask(`${path} --server --sender -logDtprze.iLsfxCIvu . ${source}`)
          expect(ran).to.deep.equal([path, '--server', '--sender', '-logDtprze.iLsfxCIvu', '.', source])
        }
        expectDenied(await ask(`rsync --server --sender -r . ${source}`))
        expectDenied(await ask(`${lab.folder}/rsync --server --sender -r . ${source}`))
        const configured = join(lab.folder, 'rsync')
        lab.configure([`rsync ${configured}`])
        for (const asked of ['rsync', configured, join(lab.folder, 'usr/bin/rsync')]) {
          const { ran } = await ask(`${asked} --server --sender -r . ${source}`)
          expect(ran).to.deep.equal([configured, '--server', '--sender', '-r', '.', source])
        }
      })

      for (const status of [0, 12, 23, 24]) {
        it(`keeps rsync’s exit status ${String(status)}`, async () => {
          const command = `${lab.folder}${sender} -r . ${lab.root}`
          expect((await ask(command, { stub_status: String(status) })).code).to.equal(status)
        })
      }

      it('undoes exactly what rsync did to a name, and expands nothing', async () => {
        const names = [
          'My Files',
          'a[1]',
          '*',
          '?',
          '{a,b}',
          '~',
          "it's",
          '"q"',
          '$HOME',
          '`x`',
          ';&|<>()',
          '\\',
          '#',
          '!',
          ' ',
          '-x',
        ]
        for (const name of names) mkdirSync(join(lab.root, name))
        for (const name of [...names, '\\\\', '\\ \\', 'a  b', ' end ']) {
          const escaped = name.replace(/[!#$&;|<>(){}"'` \\]/g, '\\$&')
          const { ran } = await ask(`${lab.folder}${sender} -r . ${lab.root}/${escaped} ${lab.root}/x`)
          expect(ran?.slice(4)).to.deep.equal(['.', `${lab.root}/${name}`, `${lab.root}/x`])
        }
      })

      it('expands nothing of the folder it is called in', async () => {
        // Cut at the backslash, `u*` is a word for itself, which names a file there.
        const { ran } = await ask(`${lab.folder}${sender} -r . ${lab.root}/\\u*\\x`)
        expect(ran?.at(-1)).to.equal(`${lab.root}/u*x`)
      })

      it('takes names that are no text', async () => {
        const bytes = Buffer.from(`${lab.folder}${sender} -r . ${lab.root}/Gr\xfc\\ \xdf\x80\xff/`, 'latin1')
        expect((await ask(bytes)).ran?.at(-1)).to.equal(`${lab.root}/Gr\xfc \xdf\x80\xff/`)
      })

      it('hands on what is not ours to a configured wrapper, untouched', async () => {
        const wrapper = join(lab.folder, 'wrapper')
        lab.configure([`wrapper ${wrapper}`])
        for (const command of ['uname -rs', '/opt/other/rsync --version', 'a ; b\n"c"']) {
          const answer = await ask(command, { stub_status: '5' })
          expect(answer.ran).to.deep.equal([wrapper])
          expect(answer.code).to.equal(5)
          expect(answer.output).to.contain(`asked=${command}\n`)
        }
        expect(lab.log()[0]).to.contain('handed on')
        for (const command of [call('erase'), call('look 2F'), undefined, '']) expectDenied(await ask(command))
      })

      it('hands on no rsync that it would not run itself, whatever wrapper there is', async () => {
        lab.configure([`wrapper ${join(lab.folder, 'wrapper')}`])
        const harmful = ['--remove-source-files . ROOT', '-r . /etc', '--daemon .', '-r . ROOT;id', '-r . ROOT\\']
        for (const words of harmful) {
          expectDenied(await ask(`${lab.folder}${sender} ${words.replace('ROOT', lab.root)}`))
        }
        expectDenied(await ask(`${lab.folder}${sender.replace(' --sender', '')} -r . ${lab.root}`))
      })

      it('shows what was asked for in one short line', async () => {
        expectDenied(await ask(`evil\n2026 allowed: \x1b[2J\t\\${'x'.repeat(5000)}`))
        expect(lab.log()).to.have.length(1)
        expect(lab.log()[0]).to.contain('evil\\x0a2026 allowed: \\x1b[2J\\x09\\\\xxx')
        expect(lab.log()[0]?.length).to.be.within(300, 500)
      })

      const weaknesses: readonly (readonly [string, () => void, string])[] = [
        ['no client.conf', () => rmSync(lab.configuration), 'no client.conf'],
        ['a client.conf that is a link', () => linked(lab.configuration), 'others may change'],
        ['a client.conf its group may write', () => chmodSync(lab.configuration, 0o664), 'others may change'],
        ['a client.conf all may write', () => chmodSync(lab.configuration, 0o646), 'others may change'],
        ['a client.conf of a stranger', () => chownSync(lab.configuration, 12345, 0), 'others may change'],
        ['a folder all may write', () => chmodSync(lab.programs, 0o1777), 'others may change'],
        [
          'a program all may write',
          () => chmodSync(join(lab.programs, 'lbackup-filevault-client'), 0o757),
          'others may change',
        ],
        ['no program', () => rmSync(join(lab.programs, 'lbackup-filevault-client')), 'is not there'],
        ['an unknown word', () => lab.configure(['roott /']), 'unknown word'],
        ['a relative root', () => lab.configure(['root Users']), 'absolute path'],
        ['a root with ..', () => lab.configure(['root /Users/../etc']), 'absolute path'],
        ['a relative rsync', () => lab.configure(['rsync bin/rsync']), 'absolute path'],
        ['growlout maybe', () => lab.configure(['growlout maybe']), 'growlout'],
      ]
      for (const [what, make, reason] of weaknesses) {
        it(`denies everything with ${what}`, async () => {
          make()
          const logger = recordLogger(lab)
          expectDenied(await ask(call('version')))
          expect(readFileSync(logger, 'utf8')).to.contain(reason).and.to.contain('denied')
        })
      }

      it('runs no rsync and no wrapper that others may change', async () => {
        const rsync = join(lab.folder, 'rsync')
        const folder = join(lab.folder, 'open')
        mkdirSync(folder)
        lab.configure([`rsync ${folder}/rsync`, `wrapper ${folder}/rsync`])
        const attempts = (): Promise<Answer>[] => [ask(`rsync --server --sender -r . ${lab.root}`), ask('uname')]
        symlinkSync('../rsync', join(folder, 'rsync'))
        for (const answer of await Promise.all(attempts())) expect(answer.ran).to.not.equal(undefined)
        chmodSync(folder, 0o777)
        for (const answer of await Promise.all(attempts())) expectDenied(answer)
        chmodSync(folder, 0o755)
        chmodSync(rsync, 0o775)
        for (const answer of await Promise.all(attempts())) expectDenied(answer)
      })

      const badLogs: readonly (readonly [string, (log: string) => void])[] = [
        ['a link', (log) => (writeFileSync(`${log}.real`, ''), symlinkSync(`${log}.real`, log))],
        ['a folder', (log) => mkdirSync(log)],
        ['a file others may write', (log) => (writeFileSync(log, ''), chmodSync(log, 0o666))],
        ['in a folder others may write', (log) => chmodSync(join(log, '..'), 0o777)],
      ]
      for (const [what, make] of badLogs) {
        it(`does not write to a log that is ${what}, and says so`, async () => {
          const folder = join(lab.folder, 'logs')
          const log = join(folder, 'log')
          mkdirSync(folder)
          writeFileSync(lab.configuration, `root ${lab.root}\nlog ${log}\n`)
          expect((await ask(call('version'))).ran).to.not.equal(undefined)
          expect(readFileSync(log, 'utf8')).to.contain('allowed')
          rmSync(log)
          make(log)
          const logger = recordLogger(lab)
          expect((await ask(call('version'))).ran).to.not.equal(undefined)
          expect(readFileSync(logger, 'utf8')).to.contain('not in the log')
          if (what.startsWith('in')) expect(existsSync(log)).to.equal(false)
        })
      }
    })
  }
})

function linked(path: string): void {
  renameSync(path, `${path}.real`)
  symlinkSync(`${path}.real`, path)
}

/** Puts a logger before the system's; returns the file with its words. */
function recordLogger(lab: Lab): string {
  const file = join(lab.folder, 'logger.out')
  writeProgram(join(lab.folder, 'usr/bin/logger'), `#!/bin/sh\necho "$*" >>'${file}'\n`)
  const text = readFileSync(lab.gate, 'utf8')
  const mode = text.replace('PATH=/usr/bin:', `PATH=${lab.folder}/usr/bin:/usr/bin:`)
  writeFileSync(lab.gate, mode)
  return file
}
