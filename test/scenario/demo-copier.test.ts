import { execFileSync } from 'node:child_process'
import { Buffer } from 'node:buffer'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { skip } from '../support/skip.js'
import { temporaryFolder } from '../support/temporary.js'

const copier = fileURLToPath(new URL('../../examples/demo/copier.ts', import.meta.url))
const tsx = import.meta.resolve('tsx')

const run = (args: readonly string[], input = ''): string =>
  execFileSync(process.execPath, [`--import=${tsx}`, copier, ...args], { input, encoding: 'latin1', stdio: 'pipe' })

const rsync = (args: readonly string[], input = ''): string =>
  execFileSync('/usr/bin/rsync', args, { input, encoding: 'latin1', env: { LC_ALL: 'C' } })

function tree(): string {
  const folder = join(temporaryFolder(), 'source')
  for (const name of ['ann/ann.sparsebundle/bands', 'a*b', 'axb', String.raw`back\slash`, 'b[1]', 'deep/er/est']) {
    mkdirSync(join(folder, name), { recursive: true })
    writeFileSync(join(folder, name, 'file'), name)
  }
  const odd = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x6e, 0xff, 0x0a, 0x23])])
  for (const name of [odd, join(folder, ' blank '), join(folder, '#hash'), join(folder, 'x.tmp')])
    writeFileSync(name, '')
  symlinkSync('ann', join(folder, 'link'))
  return folder
}

const ruleSets: readonly (readonly string[])[] = [
  [],
  ['- /ann/*', '+ /ann/ann.sparsebundle/'],
  ['+ /ann/ann.sparsebundle/', '- /ann/*', '- /.ann/'],
  [String.raw`- /a\*b/`, '- /b[[]1]'],
  ['/a*b'],
  [String.raw`- /back\slash`],
  ['# comment', '; another', '', '*.tmp', 'est/file', '- / blank '],
  ['+ */', '- **/file'],
  ['- n?\n'.trim(), '- /link/', '?hash'],
]

const listing = ['-a', '-n', '--delete-excluded', '--modify-window=20', '--exclude-from=-', '--out-format=%n']
const names = (output: string): string[] =>
  output
    .split('\n')
    .filter((line) => line !== '' && line !== './')
    .map((line) => line.replace(/ -> .*$/, ''))
    .sort()

describe("the demonstration's copier", function () {
  this.timeout(60_000)
  before(function () {
    if (!existsSync('/usr/bin/rsync')) skip(this, 'there is no rsync')
  })

  for (const rules of ruleSets) {
    it(`lets through what rsync does with ${JSON.stringify(rules)}`, () => {
      const folder = tree()
      for (const source of [`${folder}/`, folder]) {
        const input = rules.map((line) =>
          line.replace(/\/(ann|\.ann|a|b|back|link| )/, source === folder ? '/source/$1' : '/$1'),
        )
        const args = [...listing, source, `${folder}.copy`]
        expect(names(run(args, input.join('\n')))).to.deep.equal(names(rsync(args, input.join('\n'))))
      }
    })
  }

  it('links what did not change, copies what did, and ends as LBackup wants it', () => {
    const folder = tree()
    const target = join(folder, '../sections')
    mkdirSync(target)
    const excludes = join(target, 'excludes')
    writeFileSync(excludes, '- x.tmp\n')
    const copy = (section: string, ...more: readonly string[]): string =>
      run([
        '--stats',
        '-a',
        '--modify-window=20',
        '--delete-excluded',
        `--exclude-from=${excludes}`,
        ...more,
        folder,
        join(target, section),
      ])
    const at = (section: string, name: string): string => join(target, section, 'source', name)
    expect(copy('0').trimEnd().split('\n').at(-1)?.split(/\s+/)[4]).to.equal('speedup')
    writeFileSync(join(folder, 'axb/file'), 'axc')
    utimesSync(join(folder, 'axb/file'), 1, 1)
    copy('1', `--link-dest=${join(target, '0')}`)
    const inode = (path: string): number => lstatSync(path).ino
    expect(inode(at('1', 'a*b/file'))).to.equal(inode(at('0', 'a*b/file')))
    expect(inode(at('1', 'axb/file'))).to.not.equal(inode(at('0', 'axb/file')))
    expect(readFileSync(at('1', 'axb/file'), 'utf8')).to.equal('axc')
    expect(lstatSync(at('1', 'axb/file')).mtimeMs).to.equal(1000)
    expect(readlinkSync(at('1', 'link'))).to.equal('ann')
    expect(existsSync(at('0', 'x.tmp'))).to.equal(false)
  })

  it('refuses a line that it does not understand', () => {
    expect(() => run([...listing, `${tree()}/`, '/nowhere'], '!\n')).to.throw(/does not understand/)
  })
})
