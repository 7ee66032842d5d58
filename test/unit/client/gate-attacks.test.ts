import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { attacks } from './gate-attack-words.js'
import { each, makeLab, needShell, shells, type Lab } from './gate-lab.js'

const nonce = '0123456789abcdef'

function furnish(lab: Lab): void {
  mkdirSync(join(lab.root, 'deep'))
  mkdirSync(join(lab.root, 'a'))
  writeFileSync(join(lab.away, 'secret'), 'x')
  symlinkSync(lab.away, join(lab.root, 'out'))
  symlinkSync('../../Users2', join(lab.root, 'deep/out'))
  symlinkSync('deep/out', join(lab.root, 'chain'))
  symlinkSync(lab.root, join(lab.folder, 'linked'))
  lab.configure([`root ${lab.folder}/linked`, `root ${lab.folder}/missing`])
}

describe('attacks on ssh-gate', function () {
  this.timeout(600_000)
  for (const shell of shells) {
    describe(`under ${shell.join(' ')}`, () => {
      let lab: Lab
      before(function () {
        needShell(this, shell)
      })
      beforeEach(() => {
        lab = makeLab()
        furnish(lab)
      })

      it('denies each, runs nothing, and logs it', async () => {
        const all = attacks(lab)
        expect(all.length).to.be.greaterThan(800)
        await each(all, async (command) => {
          const shown = JSON.stringify(String(command).slice(0, 300))
          const answer = await lab.ask(shell, command)
          expect(answer.ran, shown).to.equal(undefined)
          expect(answer.code, shown).to.equal(127)
          expect(answer.output, shown).to.match(/^.*denied.*\n.*\n$/)
          expect(existsSync(lab.canary), shown).to.equal(false)
        })
        expect(lab.log()).to.have.length(all.length)
        for (const line of lab.log()) expect(line).to.match(/^\S+ denied: [ -~]+$/)
      })

      it('lets the harmless neighbours of those attacks through', async () => {
        const rsync = join(lab.folder, 'usr/bin/rsync --server --sender')
        const harmless = [
          ...[
            `-r . ${lab.root}`,
            `-r . ${lab.root}/`,
            `-r . ${lab.root}/out`,
            `-r . ${lab.root}/a/.`,
            `-r . ${lab.root}/a/missing/x`,
          ],
          ...[
            `-r . ${lab.root}/...`,
            `-r . ${lab.root}/a..b ${lab.root}/a`,
            `-re.LsfxCIvu . ${lab.root}`,
            `-vvnldHogDtUNpEAXXrcIRxSzWu . ${lab.root}`,
          ],
          ...[
            `--files-from=- --from0 --no-relative . ${lab.root}/a`,
            `--bwlimit=100 --timeout=60 -B700 --compress-level=9 . ${lab.root}`,
          ],
          ...[
            `-r --list-only --numeric-ids --stats --modify-window=20 --ignore-errors --safe-links --fileflags . ${lab.root}`,
            `.  ${lab.root} `,
          ],
        ]
        for (const words of harmless) {
          const { ran } = await lab.ask(shell, `${rsync} ${words}`)
          expect(ran?.slice(3), words).to.deep.equal(words.trim().split(/ +/))
        }
      })

      it('has no root that is a link', async () => {
        const asked = `${lab.folder}/usr/bin/rsync --server --sender -r . ${lab.folder}/linked/a`
        expect((await lab.ask(shell, asked)).ran).to.equal(undefined)
        lab.configure([`root ${lab.folder}`])
        expect((await lab.ask(shell, asked)).ran).to.not.equal(undefined)
      })

      it('runs nothing outside of the grammar, whatever bytes come', async () => {
        const rsync = join(lab.folder, 'usr/bin/rsync')
        const client = join(lab.programs, 'lbackup-filevault-client')
        const pieces = fc.constantFrom(
          ...[
            rsync,
            ' --server',
            ' --sender',
            ' -r',
            ' -s',
            ' .',
            ` ${lab.root}/`,
            ' lbackup-filevault-client',
            ' 1',
            ` ${nonce}`,
            ' look',
            ' 2f',
          ],
          ...[
            '..',
            '/',
            '\\',
            "'",
            '"',
            '`',
            '$(',
            ';',
            '\n',
            '*',
            '-e',
            ' ',
            'L',
            '~',
            '#',
            '&',
            `touch ${lab.canary}`,
          ],
        )
        const start = fc.constantFrom(
          '',
          `${rsync} --server --sender -r . ${lab.root}/`,
          `lbackup-filevault-client 1 ${nonce} look `,
        )
        const junk = fc.oneof(
          pieces,
          fc
            .uint8Array({ maxLength: 6 })
            .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0)).toString('latin1')),
        )
        await fc.assert(
          fc.asyncProperty(start, fc.array(junk, { maxLength: 8 }), async (head, rest) => {
            const { ran, code } = await lab.ask(shell, Buffer.from(head + rest.join(''), 'latin1'))
            expect(existsSync(lab.canary)).to.equal(false)
            if (ran === undefined) {
              expect(code).to.equal(127)
              return
            }
            const [program, ...words] = ran
            if (program === client) {
              expect(words.join(' ')).to.match(
                /^1 [0-9a-f]{16,64} (version|(exists|digests|watch) [0-9a-f]+|look( [0-9a-f]+)*|fingerprints( [0-9a-f]+)+)$/,
              )
              return
            }
            expect(program).to.equal(rsync)
            const dot = words.indexOf('.')
            expect(words.slice(0, 2)).to.deep.equal(['--server', '--sender'])
            for (const option of words.slice(2, dot))
              expect(option).to.match(/^-[vqnldHogDtUNpEAXrcIRxSzWu]*(e\.[A-Za-z]*)?$/)
            expect(words.length).to.be.greaterThan(dot + 1)
            for (const path of words.slice(dot + 1)) {
              expect(path === lab.root || path.startsWith(`${lab.root}/`)).to.equal(true)
              expect(path.split('/')).to.not.include('..')
            }
          }),
          { numRuns: 200 },
        )
      })
    })
  }

  it('cannot be asked with a NUL or with a megabyte: no environment holds them', () => {
    expect(() => spawnSync('true', { env: { SSH_ORIGINAL_COMMAND: 'a\0b' } })).to.throw(/null bytes/)
    if (process.platform !== 'linux') return
    const { error } = spawnSync('true', { env: { SSH_ORIGINAL_COMMAND: 'a'.repeat(1024 * 1024) } })
    expect(error).to.have.property('code', 'E2BIG')
  })
})
