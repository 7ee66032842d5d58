import { spawnSync } from 'node:child_process'
import { expect } from 'chai'
import fc from 'fast-check'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { refuseReset, resetLine, stripBlock, takeApart, withBlock } from '../../../lib/link/block.js'
import { mark, stripProgram } from '../../../lib/link/markers.js'
import { copyWithRsync, entriesOf, makeTree, raw } from './tree.js'
import { temporaryFolder } from '../../support/temporary.js'

const owner = { run: '20261122-031500-4711', lbackupPid: 4711, lbackupStarted: 1795317300 }
const rules = ['- /.lbackup-filevault', '- /src/.bob/', '+ /src/bob/bob.sparsebundle/', '- /src/bob/*'].map(raw)
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

const files = {
  empty: '',
  'no final newline': '*.tmp\n/src/cache',
  crlf: '*.tmp\r\n\r\n# mine\r\n/src/cache\r\n',
  'crlf without the last end': '*.tmp\r\n/src/cache',
  'old Mac line ends': '*.tmp\r/src/cache\r',
  'bytes that are no text': '\xff\xfe\0\x01\n\xe9\n',
  'comments like ours': '#[lbackup-filevault]\n# [lbackup-filevault] = x\nx\n#[lbackup] >>> run=1\n',
  'an earlier +': '+ /src/bob/\n- /src/*\n',
} as const

describe('link: excludes block', () => {
  for (const [what, text] of Object.entries(files)) {
    it(`goes in first and comes out byte-exactly: ${what}`, () => {
      const before = latin1(text)
      const within = withBlock(before, owner, rules)
      expect(within.subarray(0, mark.length).toString()).to.equal(mark)
      expect(within.subarray(within.length - before.length).equals(before)).to.equal(true)
      expect(stripBlock(within).equals(before)).to.equal(true)
      const parts = takeApart(within)
      expect(parts.rules).to.deep.equal(rules)
      expect(parts.owners).to.deep.equal([owner])
      expect(parts.missing).to.deep.equal([])
    })
  }

  it('replaces a block that is there, and takes out several', () => {
    const once = withBlock(latin1('/mine\n'), owner, rules)
    expect(withBlock(once, owner, rules).equals(once)).to.equal(true)
    const two = Buffer.concat([once.subarray(0, once.length - 6), once])
    expect(takeApart(two).owners).to.have.length(2)
    expect(stripBlock(two).toString()).to.equal('/mine\n')
  })

  it('takes no line of the administrator along, wherever the block is torn', () => {
    const within = withBlock(latin1(''), owner, rules).toString('latin1').split('\n').slice(0, -1)
    const mine = '*.tmp\n- /src/bob/*\n/src/cache\n'
    for (let end = 0; end <= within.length; end += 1) {
      const head = within.slice(0, end).map((line) => `${line}\n`)
      expect(
        stripBlock(latin1(head.join('') + mine))
          .toString()
          .endsWith(mine),
        String(end),
      ).to.equal(true)
      const tail = within.slice(end).map((line) => `${line}\n`)
      expect(
        stripBlock(latin1(mine + tail.join('')))
          .toString()
          .startsWith(mine),
      ).to.equal(true)
    }
  })

  it('tells of a rule of ours that is gone, and keeps a line in its place', () => {
    const edited = withBlock(latin1('/mine\n'), owner, rules).toString().replace('\n- /src/.bob/\n', '\n- /src/.eve/\n')
    const parts = takeApart(latin1(edited))
    expect(parts.missing).to.deep.equal(['- /src/.bob/'])
    expect(parts.administrator.toString()).to.equal('- /src/.eve/\n/mine\n')
  })

  it('comes out of a file whose line ends somebody converted', () => {
    const within = withBlock(latin1('/mine\n/more\n'), owner, rules).toString()
    expect(stripBlock(latin1(within.replaceAll('\n', '\r\n'))).toString()).to.equal('/mine\r\n/more\r\n')
    expect(stripBlock(latin1(within.replaceAll('\n', '\r'))).toString()).to.equal('/mine\r/more\r')
  })

  it('finds the line that would cancel it, as rsync reads lines', () => {
    const cancels = {
      'a\n!\n': 2,
      '!': 1,
      '! \n': undefined,
      '!x\n- !\n+ !\n #\n': undefined,
      'a\r\n\r\n!\r\n': 3,
      'a\r!\rb': 2,
      '!\0x\n': 1,
    }
    for (const [text, line] of Object.entries(cancels)) {
      expect(resetLine(latin1(text)), JSON.stringify(text)).to.equal(line)
      const folder = temporaryFolder()
      makeTree(folder, [raw('s/hidden'), raw('s/plain')])
      const copied = copyWithRsync(folder, 's/', latin1(`- /hidden\n${text}`), `${folder}/copy`)
      expect(copied.includes(raw('hidden')), `rsync and ${JSON.stringify(text)}`).to.equal(line !== undefined)
    }
    expect(() => refuseReset(latin1('a\n!\n'), raw('/etc/excludes'))).to.throw(OperationalError, 'Line 2 of')
    expect(() => withBlock(latin1('!\n'), owner, rules)).to.throw(OperationalError)
  })

  it('beats an earlier + of the administrator', () => {
    const folder = temporaryFolder()
    makeTree(folder, [raw('src/.bob/bob.sparsebundle/token'), raw('src/alice/mail')])
    const excludes = withBlock(latin1('+ /src/.bob/\n+ /src/.bob/**\n'), owner, rules)
    expect(copyWithRsync(folder, 'src', excludes, `${folder}/copy`)).to.deep.equal([
      'src',
      'src/alice',
      'src/alice/mail',
    ])
    expect(entriesOf(`${folder}/src`)).to.include('.bob')
  })

  it('is read by rsync without a word, with the longest rule rsync takes', () => {
    const folder = temporaryFolder()
    makeTree(folder, [raw('s/a')])
    const run = (pattern: string): string => {
      const input = withBlock(latin1(''), owner, [raw(`- ${pattern}`)])
      return spawnSync('rsync', ['-an', '--exclude-from=-', 's/', 'copy'], { cwd: folder, input }).stderr.toString()
    }
    expect(run(`/${'x'.repeat(4094)}`)).to.equal('')
    expect(run(`/${'x'.repeat(4095)}`)).to.include('over-long')
  })
})

const awks = [['mawk'], ['gawk'], ['busybox', 'awk'], ['original-awk'], ['bwk'], ['awk']].filter(([name = '']) => {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name]).status === 0
})

describe('link: excludes block stripped by awk, for the launcher', () => {
  const stripped = (awk: readonly string[], input: Buffer): Buffer => {
    const script = '{ cat; printf X; } | LC_ALL=C "$@"'
    return spawnSync('sh', ['-c', script, 'sh', ...awk, stripProgram], { input }).stdout
  }
  const line = fc.oneof(
    fc.constantFrom(...withBlock(latin1(''), owner, rules).toString().split('\n')),
    fc.constantFrom(
      `${mark}= x`,
      'x',
      '',
      '# c',
      '; c',
      '!',
      `${mark}= - /\xe9\xff `,
      '- /\xe9\xff ',
      mark,
      mark.trim(),
      '07',
      `${mark}= 7`,
      '7',
      `${mark}= `,
      'X',
    ),
    fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((byte) => String.fromCharCode(byte)) }),
  )
  const end = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r', '\r\r\n', '\n\n', '')
  const file = fc.array(fc.tuple(line, end), { maxLength: 12 }).map((parts) => latin1(parts.flat().join('')))

  it('has an awk to run', () => {
    expect(awks).not.to.be.empty
  })
  it('has no single quote, so that a shell can hold it', () => {
    expect(stripProgram).not.to.include("'")
  })
  for (const awk of awks) {
    it(`${awk.join(' ')} fails where the file could not be read to its end`, () => {
      const script = '{ cat "$0" && printf X; } 2>/dev/null | LC_ALL=C "$@"'
      expect(spawnSync('sh', ['-c', script, '/nowhere', ...awk, stripProgram]).status).to.equal(1)
      expect(spawnSync('sh', ['-c', 'printf "a\\nb" | "$@"', 'sh', ...awk, stripProgram]).status).to.equal(1)
      expect(spawnSync('sh', ['-c', 'printf "a\\nbX" | "$@"', 'sh', ...awk, stripProgram]).status).to.equal(0)
    })
    it(`${awk.join(' ')} gives what stripBlock gives`, () => {
      for (const text of Object.values(files).filter((text) => !text.includes('\0'))) {
        const within = withBlock(latin1(text), owner, rules)
        expect(stripped(awk, within).toString('latin1')).to.equal(text)
      }
      fc.assert(
        fc.property(file, (bytes) => {
          expect(stripped(awk, bytes).toString('latin1')).to.equal(stripBlock(bytes).toString('latin1'))
        }),
        { numRuns: 60 },
      )
    })
  }
})
