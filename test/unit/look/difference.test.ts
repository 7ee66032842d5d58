import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { differences, differenceText, type Difference } from '../../../lib/look/difference.js'
import { lookAtStructure } from '../../../lib/look/structure.js'
import type { Structure } from '../../../lib/image/structure-type.js'
import { fromLatin1, fromText, toBytes } from '../../../lib/text/raw-path.js'
import { bandIndex, bandName } from '../../../lib/image/band-names.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { writeSparseImage } from '../../support/image-writer/sparse-image.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'

const lastNight = 1_800_000_000
const bundle = 'sparse-bundle' as const

interface Pair {
  readonly source: string
  readonly copy: string
  readonly differ: () => Difference[]
  /** Kinds with their members, of what `differ` returns. */
  readonly kinds: () => [kind: string, ...members: string[]][]
}

function pair(bands: readonly number[] = [0, 1, 10]): Pair {
  const folder = temporaryFolder()
  const [source, copy] = [join(folder, 'a.sparsebundle'), join(folder, 'b', 'a.sparsebundle')]
  writeSparseBundle(source, { bands: bands.map((index) => ({ index, length: 512 })), virtualBytes: 2 ** 26 })
  for (const index of bands) setTime(join(source, 'bands', index.toString(16)), lastNight)
  mkdirSync(join(folder, 'b'))
  execFileSync('rsync', ['-a', `${source}/`, `${copy}/`])
  const differ = (): Difference[] =>
    differences({ path: fromText(source), container: bundle }, { path: fromText(copy), container: bundle })
  return { source, copy, differ, kinds: () => differ().map(({ kind, members }) => [kind, ...members]) }
}

const setTime = (file: string, seconds: number): void => utimesSync(file, seconds, seconds)
const look = (path: string): Structure => lookAtStructure({ path: fromText(path), container: bundle }, { inUse: false })

describe('the listing', () => {
  it('is the same for an image and its copy, the fingerprint is not', () => {
    const { source, copy, differ } = pair()
    setTime(join(copy, 'bands'), 1)
    setTime(copy, 1)
    expect(look(copy).listing).to.equal(look(source).listing)
    expect(look(copy).fingerprint).to.not.equal(look(source).fingerprint)
    expect(differ()).to.deep.equal([])
  })

  it('changes with name, size, type and second, and the fingerprint with it', () => {
    const { copy } = pair()
    const seen = [look(copy)]
    const after = (change: () => void): void => {
      change()
      seen.push(look(copy))
    }
    const band = join(copy, 'bands/1')
    after(() => setTime(band, lastNight + 1))
    after(() => {
      truncateSync(band, 1024)
      setTime(band, lastNight + 1)
    })
    after(() => execFileSync('mv', [band, join(copy, 'bands/2')]))
    after(() => rmSync(join(copy, 'bands/2')))
    after(() => mkdirSync(join(copy, 'bands/2')))
    after(() => {
      rmSync(join(copy, 'bands/2'), { recursive: true })
      symlinkSync('nowhere', join(copy, 'bands/2'))
    })
    expect(new Set(seen.map(({ listing }) => listing)).size).to.equal(seen.length)
    expect(new Set(seen.map(({ fingerprint }) => fingerprint)).size).to.equal(seen.length)
  })

  it('leaves out what HFS+ and rsync do not keep, which the fingerprint sees', () => {
    const { copy } = pair()
    const band = join(copy, 'bands/1')
    const seen = [look(copy)]
    setTime(band, lastNight + 0.5)
    seen.push(look(copy))
    chmodSync(band, 0o600)
    seen.push(look(copy))
    execFileSync('cp', ['-p', band, `${band}.new`])
    execFileSync('mv', [`${band}.new`, band])
    seen.push(look(copy))
    setTime(join(copy, 'bands'), lastNight)
    seen.push(look(copy))
    expect(new Set(seen.map(({ listing }) => listing)).size).to.equal(1)
    expect(new Set(seen.map(({ fingerprint }) => fingerprint)).size).to.equal(seen.length)
  })

  it('of a sparse image is that of its copy', () => {
    const folder = temporaryFolder()
    const [source, copy] = [join(folder, 'a.sparseimage'), join(folder, 'b', 'a.sparseimage')]
    writeSparseImage(source, { slots: [0, 1] })
    mkdirSync(join(folder, 'b'))
    execFileSync('rsync', ['-a', source, copy])
    const file = (path: string) => ({ path: fromText(path), container: 'sparse-image' }) as const
    const [mine, other] = [file(source), file(copy)]
    const listings = (): string[] => [mine, other].map((image) => lookAtStructure(image, { inUse: false }).listing)
    expect(new Set(listings()).size).to.equal(1)
    expect(differences(mine, other)).to.deep.equal([])
    setTime(copy, lastNight)
    expect(new Set(listings()).size).to.equal(2)
    expect(differences(mine, other)).to.deep.equal([{ kind: 'other-time', count: 1, members: ['a.sparseimage'] }])
    rmSync(source)
    expect(differenceText(differences(mine, other))).to.equal(
      `a.sparseimage of the image could not be looked at (${source} is not there)`,
    )
  })
})

describe('the differences between an image and its copy', () => {
  it('are told apart by kind, the gravest first', () => {
    const { source, copy, kinds } = pair([0, 1, 2, 3, 4, 5, 10])
    rmSync(join(copy, 'bands/0'))
    writeFileSync(join(copy, 'bands/ff'), '')
    truncateSync(join(copy, 'bands/1'), 100)
    setTime(join(source, 'bands/2'), lastNight + 20)
    setTime(join(source, 'bands/3'), lastNight - 20)
    setTime(join(source, 'bands/4'), lastNight + 21)
    rmSync(join(copy, 'bands/5'))
    symlinkSync('4', join(copy, 'bands/5'))
    writeFileSync(join(source, 'lock'), '')
    expect(kinds()).to.deep.equal([
      ['missing', 'lock', 'bands/0'],
      ['type', 'bands/5'],
      ['size', 'bands/1'],
      ['missed-change', 'bands/2', 'bands/3'],
      ['other-time', 'bands/4'],
      ['extra', 'bands/ff'],
    ])
  })

  it('are found by real rsync as LBackup calls it: a band rewritten within 20 s is not copied', () => {
    const { source, copy, kinds } = pair()
    for (const [name, seconds] of [
      ['0', 20],
      ['1', 21],
    ] as const) {
      writeFileSync(join(source, 'bands', name), Buffer.alloc(512, 'n'))
      setTime(join(source, 'bands', name), lastNight + seconds)
    }
    const next = `${copy}.next`
    execFileSync('rsync', ['-a', '--modify-window=20', `--link-dest=${copy}`, `${source}/`, `${next}/`])
    rmSync(copy, { recursive: true })
    execFileSync('mv', [next, copy])
    expect(kinds()).to.deep.equal([['missed-change', 'bands/0']])
  })

  it('are those of names that are no UTF-8, and shown so that a terminal survives them', () => {
    const { source, kinds } = pair()
    writeFileSync(toBytes(fromLatin1(join(source, 'bands/\xff\n'))), '')
    expect(kinds()).to.deep.equal([['missing', 'bands/\\xff\\x0a']])
  })

  it('list twenty of each kind and count the rest', () => {
    const { source, copy, differ } = pair([...Array(50).keys()])
    for (let index = 0; index < 30; index += 1) rmSync(join(copy, 'bands', index.toString(16)))
    for (let index = 30; index < 50; index += 1) setTime(join(source, 'bands', index.toString(16)), lastNight + 5)
    expect(differ().map(({ kind, count, members }) => [kind, count, members.length])).to.deep.equal([
      ['missing', 30, 20],
      ['missed-change', 20, 20],
    ])
    expect(differ()[1]?.members.at(-1)).to.equal('bands/31')
  })

  it('are not made by rounding: the last tenth of a microsecond of a second belongs to that second', () => {
    const { source, copy, differ } = pair()
    execFileSync('touch', ['-d', `@${String(lastNight)}.999999990`, join(source, 'bands/1')])
    expect(differ()).to.deep.equal([])
    setTime(join(copy, 'bands/1'), lastNight - 1)
    expect(differ()).to.deep.equal([{ kind: 'missed-change', count: 1, members: ['bands/1'] }])
  })

  it('name a side that is gone, is a link, or has another container', () => {
    const { source, copy, differ, kinds } = pair()
    rmSync(join(copy, 'bands'), { recursive: true })
    expect(kinds()).to.deep.equal([['missing', 'bands']])
    symlinkSync(join(source, 'bands'), join(copy, 'bands'))
    expect(kinds()).to.deep.equal([['type', 'bands']])
    rmSync(copy, { recursive: true })
    expect(differenceText(differ())).to.equal(
      `a.sparsebundle of the copy could not be looked at (${copy} is not there)`,
    )
    symlinkSync(source, copy)
    expect(kinds()).to.deep.equal([['copy-unseen', 'a.sparsebundle']])
    rmSync(source, { recursive: true })
    expect(kinds()).to.deep.equal([['source-unseen', 'a.sparsebundle']])
    const image = join(copy, '..', 'a.sparseimage')
    writeSparseImage(image, { slots: [0] })
    const other = pair()
    expect(
      differences(
        { path: fromText(other.source), container: bundle },
        { path: fromText(image), container: 'sparse-image' },
      ),
    ).to.deep.equal([{ kind: 'type', count: 1, members: ['a.sparsebundle'] }])
  })

  it('name what may not be read', function () {
    if (process.getuid?.() !== 0) skip(this, 'only root can look as another user')
    const { copy, kinds } = pair()
    chmodSync(join(copy, 'bands'), 0)
    for (const folder of [join(copy, '..', '..'), join(copy, '..'), copy]) chmodSync(folder, 0o755)
    process.seteuid?.(65534)
    try {
      expect(kinds()).to.deep.equal([['copy-unseen', 'bands']])
    } finally {
      process.seteuid?.(0)
    }
  })

  it('are exactly what was changed, whatever the names are', () => {
    const name = fc.oneof(
      fc.nat(300).map((index) => bandName(index) as string),
      fc.constantFrom('0f', 'A', 'a b', 'z', '.x', '00', 'ffffffffffffffff', '~', '\xfe'),
    )
    const times = fc.dictionary(name, fc.constantFrom(0, 5, 90), { maxKeys: 12 })
    fc.assert(
      fc.property(times, times, (mine, other) => {
        const { source, copy, differ } = pair([])
        const expected = { missing: 0, extra: 0, 'missed-change': 0, 'other-time': 0 }
        for (const [folder, members] of [
          [source, mine],
          [copy, other],
        ] as const) {
          for (const [member, seconds] of Object.entries(members)) {
            const path = toBytes(fromLatin1(join(folder, 'bands', member)))
            writeFileSync(path, '')
            utimesSync(path, lastNight + seconds, lastNight + seconds)
          }
        }
        for (const [member, seconds] of Object.entries(mine)) {
          const there = other[member]
          if (there === undefined) expected.missing += 1
          else if (there !== seconds) expected[Math.abs(there - seconds) <= 20 ? 'missed-change' : 'other-time'] += 1
        }
        expected.extra = Object.keys(other).filter((member) => mine[member] === undefined).length
        const found = Object.fromEntries(differ().map(({ kind, count }) => [kind, count]))
        expect({ missing: 0, extra: 0, 'missed-change': 0, 'other-time': 0, ...found }).to.deep.equal(expected)
        const listed = differ().flatMap(({ kind, members }) => (kind === 'missing' ? members : []))
        const indexes = listed.map((member) => bandIndex(fromText(member.slice(6))) ?? Infinity)
        expect(indexes).to.deep.equal([...indexes].sort((a, b) => (a === b ? 0 : a - b)))
      }),
      { numRuns: 15 },
    )
  })
})

describe('the text of differences', () => {
  const text = (kind: Difference['kind'], count: number, ...members: string[]): string =>
    differenceText([{ kind, count, members }])

  it('is half a sentence for an administrator', () => {
    expect(text('missing', 1, 'bands/2019')).to.equal('bands/2019 is missing in the copy')
    expect(text('missed-change', 2, 'bands/3', 'bands/4')).to.equal(
      '2 bands of the copy are older than the image (bands/3, bands/4): LBackup took them for unchanged because they were rewritten within 20 s of their last copy',
    )
    expect(text('missed-change', 1, 'token')).to.equal(
      'token of the copy is older than the image: LBackup took it for unchanged because it was rewritten within 20 s of its last copy',
    )
    expect(text('size', 9, 'token', 'bands/1', 'bands/2', 'bands/3')).to.equal(
      '9 members have another length in the copy (token, bands/1, bands/2, 6 more)',
    )
    expect(differenceText([])).to.equal('')
  })

  it('joins the kinds', () => {
    const missing = { kind: 'missing', count: 1, members: ['bands/1'] } as const
    const unseen = { kind: 'copy-unseen', count: 1, members: ['bands/2'], because: 'no right' } as const
    expect(differenceText([unseen, missing])).to.equal(
      'bands/2 of the copy could not be looked at (no right); bands/1 is missing in the copy',
    )
  })
})
