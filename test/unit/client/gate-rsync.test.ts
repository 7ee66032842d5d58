import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect } from 'chai'
import { fakeSsh, makeLab, needShell, shells, type Lab } from './gate-lab.js'

const names = [
  ...[
    'My  Files ',
    'a[1]',
    'st*r',
    'wh?t',
    '{a,b}',
    '~home',
    `it's "quoted"`,
    '-dash',
    'semi;colon',
    '$HOME',
    '`id`',
    'back\\slash',
    '#hash',
  ],
  ...['(a)&|<>!', 'Grüße', 'é^=,:@%+'],
]

describe('rsync through ssh-gate', function () {
  this.timeout(300_000)
  for (const shell of shells) {
    describe(`under ${shell.join(' ')}`, () => {
      let lab: Lab
      let ssh: string
      let destination: string
      before(function () {
        needShell(this, shell)
      })
      beforeEach(() => {
        lab = makeLab()
        ssh = fakeSsh(lab, shell)
        destination = join(lab.folder, 'set')
        mkdirSync(destination)
        writeFileSync(join(lab.folder, 'excludes'), 'left-out\n')
      })

      /** LBackup's command, as it runs it for a source over ssh. */
      const backUp = (source: string, section: string, more: readonly string[] = []): number | null => {
        const link = existsSync(join(destination, 'Section.0')) ? [`--link-dest=${destination}/Section.0`] : []
        const words = [
          ...[
            `--rsync-path=${lab.folder}/usr/bin/rsync`,
            ...more,
            '--stats',
            '-az',
            '--modify-window=20',
            '--delete-excluded',
          ],
          ...[
            `--exclude-from=${lab.folder}/excludes`,
            '-e',
            ssh,
            ...link,
            `host:${source}`,
            join(destination, section),
          ],
        ]
        return spawnSync('rsync', words, { env: { PATH: process.env['PATH'] ?? '' } }).status
      }
      const status = (): string => readFileSync(join(lab.folder, 'status'), 'utf8').trim()

      for (const [how, more] of [
        ['with its words on the command line', []],
        ['with its words over the connection', ['-s']],
        [
          'with more that LBackup can be told',
          ['-X', '-A', '-H', '-S', '--numeric-ids', '--checksum', '--ignore-times', '--bwlimit=9000'],
        ],
      ] as const) {
        it(`backs up odd names ${how}, and no others`, () => {
          for (const name of names) {
            mkdirSync(join(lab.root, name))
            writeFileSync(join(lab.root, name, 'file'), name)
          }
          // What the same words would also name, were they expanded.
          for (const name of ['a1', 'star', 'what', 'a', 'b', 'My', 'Files']) mkdirSync(join(lab.root, name))
          for (const name of names) {
            const source = join(lab.root, name)
            expect(backUp(source, 'Section.x', more), name).to.equal(0)
            expect(readdirSync(join(destination, 'Section.x')), name).to.deep.equal([name])
            expect(readFileSync(join(destination, 'Section.x', name, 'file'), 'utf8')).to.equal(name)
            rmSync(join(destination, 'Section.x'), { recursive: true })
          }
        })
      }

      it('backs up twice, linked, with excludes, names that are no text and a trailing slash', () => {
        const latin = Buffer.concat([Buffer.from(`${lab.root}/`), Buffer.from('Gr\xfc\xdfe', 'latin1')])
        writeFileSync(latin, 'bytes')
        writeFileSync(join(lab.root, 'left-out'), '')
        expect(backUp(`${lab.root}/`, 'Section.0')).to.equal(0)
        expect(backUp(`${lab.root}/`, 'Section.inprogress')).to.equal(0)
        const copied = readdirSync(join(destination, 'Section.inprogress'), { encoding: 'latin1' })
        expect(copied).to.deep.equal(['Gr\xfc\xdfe'])
        expect(backUp(lab.root, 'Section.1')).to.equal(0)
        expect(readdirSync(join(destination, 'Section.1'))).to.deep.equal([basename(lab.root)])
      })

      it('lists', () => {
        writeFileSync(join(lab.root, 'file'), '')
        const words = [
          `--rsync-path=${lab.folder}/usr/bin/rsync`,
          '-e',
          ssh,
          '--list-only',
          '-d',
          '-n',
          `host:${lab.root}/`,
        ]
        expect(spawnSync('rsync', words).stdout.toString()).to.contain('file')
      })

      it('sends what a list names that comes over the connection', () => {
        for (const name of ['a', 'b', 'c']) writeFileSync(join(lab.root, name), name)
        writeFileSync(join(lab.folder, 'list'), 'a\0c\0')
        expect(backUp(lab.root, 'Section.0', ['--from0', `--files-from=${lab.folder}/list`])).to.equal(0)
        expect(readdirSync(join(destination, 'Section.0'))).to.deep.equal(['a', 'c'])
      })

      it('ends with 23 where the source is missing, and so does rsync', () => {
        expect(backUp(join(lab.root, 'missing'), 'Section.0')).to.equal(23)
        expect(status()).to.equal('23')
      })

      it('fails where the gate denies: other paths, other options, either way of words', () => {
        const attempts = [
          ...[
            [lab.away],
            [`${lab.root}/../Users2`],
            [lab.root, '--remove-source-files'],
            [lab.root, '--copy-links'],
            [lab.root, '-M--fake-super'],
          ],
          ...[
            [lab.away, '-s'],
            [lab.root, '-s', '--remove-source-files'],
            [lab.root, '-s', '--copy-links'],
            [`${lab.root}/\n/x`, '-s'],
          ],
          ...[[`${lab.root}/${'x/'.repeat(2500)}`, '-s'], [lab.root, '-s', '--iconv=utf-8'], [`${lab.root}/a\n`]],
        ]
        writeFileSync(join(lab.root, 'file'), '')
        for (const [source = '', ...more] of attempts) {
          expect(backUp(source, 'Section.0', more), JSON.stringify([source.slice(0, 99), more])).to.not.equal(0)
          // rsync does not wait for the end of its ssh here; the log is written before the answer.
          expect(lab.log().at(-1)).to.contain(' denied: ')
        }
        expect(existsSync(join(lab.root, 'file'))).to.equal(true)
        expect(lab.log()).to.have.length(attempts.length)
      })

      it('denies words over the connection that have no end, or are not what rsync sends', async () => {
        const asked = `${lab.folder}/usr/bin/rsync --server --sender -sr`
        chmodSync(join(lab.folder, 'usr/bin/rsync'), 0o755)
        for (const input of [
          '',
          'rsync',
          `rsync\0.\0${lab.root}`,
          `rsync\0.\0${lab.root}\0`,
          `sh\0.\0${lab.root}\0\0`,
          '\0',
          'rsync\0.\0\0',
        ]) {
          expect(await lab.ask(shell, asked, { input }), JSON.stringify(input)).to.include({ code: 127 })
        }
      })
    })
  }
})
