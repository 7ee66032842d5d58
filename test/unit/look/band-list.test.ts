import { appendFileSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { newestBands, type BandList } from '../../../lib/image/band-list.js'
import { bandCollector, changedSince } from '../../../lib/look/band-list.js'
import { lookAtStructure } from '../../../lib/look/structure.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { writeSparseImage } from '../../support/image-writer/sparse-image.js'
import { temporaryFolder } from '../../support/temporary.js'

function look(path: string, container: 'sparse-bundle' | 'sparse-image'): BandList {
  const { see, list } = bandCollector()
  lookAtStructure({ path: fromText(path), container }, { inUse: false }, see)
  return list()
}

/** A bundle of 2,050 bands, each older than the one before it. */
function bundle(): string {
  const path = join(temporaryFolder(), 'a.sparsebundle')
  writeSparseBundle(path, { virtualBytes: 4096 * 1024 * 1024, mapped: true, bands: [{ index: 0, length: 8192 }] })
  for (let index = 0; index < 2050; index += 1) {
    const band = join(path, 'bands', index.toString(16))
    if (index > 0) writeFileSync(band, '')
    utimesSync(band, 1_700_000_000 - index, 1_700_000_000 - index)
  }
  return path
}

describe('the list of an image’s bands', () => {
  it('has each band with its size, and what all members take', () => {
    const path = join(temporaryFolder(), 'a.sparsebundle')
    writeSparseBundle(path, {
      bands: [
        { index: 3, length: 8192 },
        { index: 0, length: 100_000 },
      ],
    })
    mkdirSync(join(path, 'bands/2'))
    writeFileSync(join(path, 'bands/.DS_Store'), '')
    const { indexes, sizes, allocated, heads } = look(path, 'sparse-bundle')
    expect([...indexes]).to.deep.equal([0, 3])
    expect([...sizes]).to.deep.equal([100_000, 8192])
    const members = ['Info.plist', 'Info.bckup', 'token', 'bands', 'bands/0', 'bands/2', 'bands/3', 'bands/.DS_Store']
    const blocks = members.reduce((sum, name) => sum + statSync(join(path, name)).blocks, 0)
    expect(allocated).to.equal(blocks * 512)
    expect([...heads.keys()].sort()).to.deep.equal(['Info.bckup', 'Info.plist', 'bands', 'token'])
  })

  it('tells whether anything changed since: a head, the folder of the bands, or one of the newest bands', () => {
    const path = bundle()
    const image = { path: fromText(path), container: 'sparse-bundle' } as const
    const changes: readonly (readonly [what: string, () => void, seen: boolean])[] = [
      ['nothing', () => undefined, false],
      ['the token', () => writeFileSync(join(path, 'token'), ''), true],
      ['a new band', () => writeFileSync(join(path, 'bands/900'), ''), true],
      ['a band that is gone', () => rmSync(join(path, 'bands/900')), true],
      ['the newest band', () => appendFileSync(join(path, 'bands/0'), 'x'), true],
      ['the last of the newest', () => utimesSync(join(path, 'bands/7cf'), 1, 1_700_000_000 - 1999), true],
      ['an older one, which is not looked at', () => utimesSync(join(path, 'bands/7ff'), 1, 2), false],
    ]
    for (const [what, change, seen] of changes) {
      const before = look(path, 'sparse-bundle')
      change()
      expect(changedSince(image, before), what).to.equal(seen)
      utimesSync(join(path, 'bands/0'), 1_700_000_000, 1_700_000_000)
    }
  })

  it('holds the file of a sparse image as its head', () => {
    const path = join(temporaryFolder(), 'a.sparseimage')
    writeSparseImage(path, { slots: [0, 1] })
    const before = look(path, 'sparse-image')
    expect(before.allocated).to.equal(statSync(path).blocks * 512)
    const image = { path: fromText(path), container: 'sparse-image' } as const
    expect(changedSince(image, before)).to.equal(false)
    appendFileSync(path, 'x')
    expect(changedSince(image, before)).to.equal(true)
  })

  it('knows which bands were changed last', () => {
    const modified = Float64Array.of(5, 1, 9, 7, 7)
    expect(newestBands({ modified }, 9)).to.deep.equal([0, 1, 2, 3, 4])
    expect(newestBands({ modified }, 3)).to.deep.equal([2, 3, 4])
    expect(newestBands({ modified }, 2)).to.have.lengthOf(2).and.include(2)
  })
})
