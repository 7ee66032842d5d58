import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { excludesFile, isYes, literal, readConfiguration, setting } from '../../../lib/lbackup/configuration.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

const read = (...lines: string[]) => readConfiguration(Buffer.from(lines.join('\n'), 'latin1'))
const value = (name: string, ...lines: string[]): string | number | undefined => {
  const found = setting(read(...lines), name)
  return found === undefined ? undefined : 'value' in found ? found.value : found.unreadable
}

describe('LBackup’s configuration, read without bash', () => {
  const plain: [line: string, value: string][] = [
    ['a=word', 'word'],
    [' \ta=word ', 'word'],
    ["a='two words $x `y` \\'", 'two words $x `y` \\'],
    ['a="two words"', 'two words'],
    ['a="it\'s"', "it's"],
    ['a=x"y z"\'$\'', 'xy z$'],
    ['a=', ''],
    ['a=""', ''],
    ['a=x#y # comment', 'x#y'],
    ['a="#" #', '#'],
    ['export a=word', 'word'],
    ['b=1 a=word', 'word'],
    ['a=one\na=two', 'two'],
    ['a=x=y', 'x=y'],
    ['a=*.[ab]{c,d}', '*.[ab]{c,d}'],
    ['a="~/x"', '~/x'],
    ['a=x~', 'x~'],
    ['a=\xe9', '\xe9'],
  ]
  for (const [line, expected] of plain) {
    it(`reads ${JSON.stringify(line)}`, () => {
      expect(value('a', line)).to.equal(expected)
    })
  }
  const opaque = [
    'a=$b',
    'a="${b}"',
    'a=`date`',
    'a=$(date)',
    'a=x\\ y',
    'a="x\\y"',
    'a=~/x',
    'a=x:~/y',
    'a=word command',
    'a=word;',
    'a=(x y)',
    'a+=x',
    'a[0]=x',
    'declare a=x',
    'unset a',
    'read a <file',
    'a=word\r',
    'a="word"\r',
    'if true; then a=x; fi',
    'a="first line',
  ]
  for (const line of opaque) {
    it(`does not guess at ${JSON.stringify(line)}`, () => {
      expect(value('a', 'a=before', line)).to.equal(2)
    })
  }
  it('ignores what only reads the name', () => {
    expect(value('a', 'a=x', 'echo "$a ${a}"')).to.equal('x')
  })
  it('does not trust an assignment inside a block, and trusts one after it', () => {
    const block = ['a=1', 'if [ -e /x ]; then', '  a=2', 'fi']
    expect(value('a', ...block)).to.equal(3)
    expect(value('a', ...block, 'a=4')).to.equal('4')
    expect(value('a', 'case $x in', 'y)', 'a=1', ';;', 'esac', 'b=2')).to.equal(3)
    expect(value('a', 'f() {', 'a=1', '}')).to.equal(2)
    expect(value('a', 'if x; then', 'echo fi', 'a=1', 'fi')).to.equal(3)
    expect(value('a', '(', 'a=1', ')')).to.equal(1)
  })
  it('after source, eval or an open text knows only what is set later', () => {
    for (const line of ['source /x', '. /x', 'eval "$x"', 'true && . /x']) {
      expect(value('a', 'a=1', line), line).to.equal(2)
      expect(value('never', 'a=1', line), line).to.equal(2)
      expect(value('a', 'a=1', line, 'a=3'), line).to.equal('3')
    }
    expect(value('a', 'x="open', 'a=1')).to.equal(1)
    expect(value('a', 'cat <<END', 'a=1', 'END')).to.equal(1)
    expect(value('a', 'a=1', 'echo \\', 'a=2')).to.equal(3)
    expect(value('a', '# comment \\', 'a=2')).to.equal('2')
  })
  it('knows what is exported, before and after the assignment', () => {
    const exported = (...lines: string[]): unknown => (setting(read(...lines), 'a') as { exported?: boolean }).exported
    expect(exported('a=1')).to.equal(false)
    expect(exported('a=1', 'export b a ')).to.equal(true)
    expect(exported('export a', 'a=1')).to.equal(true)
    expect(exported('export a=1')).to.equal(true)
  })
  it('tells yes, no and not known apart', () => {
    const configuration = read('a=YES', 'b=yes', 'c=$x')
    expect(['a', 'b', 'c', 'd'].map((name) => isYes(configuration, name))).to.deep.equal([
      true,
      false,
      undefined,
      false,
    ])
  })

  it('never says another value than bash does', function () {
    const plain = fc.stringMatching(/^([ab#~:*?{}!,./-]{0,3}|'[ab$\\#;]{0,3}'|"[ab#;'(]{0,3}"){1,3}$/)
    const word = fc.oneof(plain, fc.stringMatching(/^[ab =#$~:'"`\\;&|()<>{}*?!,./\-\t]{0,6}$/))
    const line = fc.oneof(
      fc.tuple(fc.constantFrom('a=', 'export a=', ' a=', 'b=1 a=', 'a+=', 'a ='), word).map((parts) => parts.join('')),
      fc.constantFrom(
        'if true; then',
        'if false; then',
        'fi',
        'else',
        '{',
        '}',
        'f() {',
        'a=ok',
        'export a',
        'unset a',
        'a=ok \\',
        '# x',
      ),
    )
    const files = fc.sample(fc.array(line, { minLength: 1, maxLength: 4 }), { numRuns: 500, seed: 9 })
    const folder = temporaryFolder()
    // One bash for all: each file in a subshell with nothing to run and nowhere to write.
    files.forEach((lines, index) =>
      writeFileSync(join(folder, String(index)), [...lines, 'end=reached', ''].join('\n')),
    )
    const script = `cd '${folder}'; mkdir nowhere; for ((i = 0; i < ${String(files.length)}; i++)); do
      ( cd nowhere; PATH=; unset a b; . ../$i; [ "$end" ] && printf '%s\\n%s\\0' "\${a+set}" "$a" >../out.$i ) </dev/null >/dev/null 2>&1; done
      for ((i = 0; i < ${String(files.length)}; i++)); do [ -e out.$i ] && IFS= read -rd '' x <out.$i && printf '%s\\0' "$i $x"; done; true`
    const output = execFileSync('/bin/bash', ['-c', script], {
      encoding: 'latin1',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let compared = 0
    for (const entry of output.split('\0').slice(0, -1)) {
      const match = /^(\d+) (set)?\n(.*)$/s.exec(entry)
      const lines = files[Number(match?.[1])] as string[]
      const found = setting(read(...lines, ''), 'a')
      if (found === undefined || !('value' in found)) continue
      compared += 1
      expect(match?.[2] === undefined ? undefined : match[3], JSON.stringify(lines)).to.equal(found.value)
    }
    expect(compared).to.be.greaterThan(40)
  })
})

describe('the excludes file', () => {
  const environment = { configurationFolder: fromText('/b/config') }
  it('is named by the environment where it is exported, else by the configuration', () => {
    const configuration = read('excludes_filename=from file.txt'.replace(' ', '-'))
    expect(excludesFile(environment, configuration)).to.equal('/b/config/from-file.txt')
    expect(excludesFile({ ...environment, excludesName: fromText('e.txt') }, configuration)).to.equal('/b/config/e.txt')
    expect(excludesFile({ ...environment, excludesName: fromText('e.txt') }, read('excludes_filename=$x'))).to.equal(
      '/b/config/e.txt',
    )
  })
  it('is not guessed: the error names the line and the cure', () => {
    const error = (() => {
      try {
        return excludesFile(environment, read('x=1', 'excludes_filename="$x.txt"'))
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).to.be.instanceOf(OperationalError)
    expect(error).to.include({ code: 'lbackup-setting-unreadable' })
    expect((error as Error).message)
      .to.contain('line 2')
      .and.to.contain('excludes_filename="$x.txt"')
    expect((error as OperationalError).cure).to.contain('export excludes_filename')
    expect(() => literal(read('x=1'), 'excludes_filename')).to.throw('does not set excludes_filename')
  })
})
