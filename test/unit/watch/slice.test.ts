import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'
import { bandsOf, bandTimesOf } from '../../../lib/watch/band-times.js'
import type { Happened } from '../../../lib/watch/events.js'
import type { WatchedImage } from '../../../lib/watch/order.js'
import { slice } from '../../../lib/watch/slice.js'
import { temporaryFolder } from '../../support/temporary.js'

const image = (slot: string, container = 'sparse-bundle'): WatchedImage =>
  ({ slot, container, places: [slot, `${slot}.away`] }) as unknown as WatchedImage

/** Images with so many bands each, of which single ones can be changed; and what was looked at. */
function library(counts: Readonly<Record<string, number>>) {
  const times = new Map(
    Object.entries(counts).map(([name, count]) => [name, Array.from({ length: count }, (_, at) => at + 1)]),
  )
  const looked: string[] = []
  const eyes = {
    bands: (path: RawPath) => Float64Array.from({ length: counts[path] ?? 0 }, (_, at) => at),
    bandTimes: (path: RawPath, indexes: Float64Array) => {
      looked.push(`${path} ${String(indexes[0])}-${String(indexes.at(-1))}`)
      const own = times.get(path.replace('.away', ''))
      return own === undefined ? undefined : indexes.map((index) => own[index] as number)
    },
  }
  const write = (name: string, ...bands: readonly number[]): void => {
    for (const band of bands) (times.get(name) as number[])[band] = 999 + (times.get(name)?.[band] ?? 0)
  }
  return { eyes, looked, write }
}

const at = (...places: (number | undefined)[]) => places.map((place) => ({ place }))

const words = (told: readonly Happened[]): string[] => told.map(({ slot, detail }) => `${slot ?? ''}: ${detail ?? ''}`)

describe('a slice of the bands', () => {
  it('goes round through all images, never further than asked, and never twice in one go', () => {
    const { eyes, looked } = library({ a: 5, b: 3 })
    const bands = slice([image('a'), image('file', 'sparse-image'), image('b')], eyes)
    const places = at(0, 0, 0)
    bands.next(4, places)
    bands.next(4, places)
    expect(looked).to.deep.equal(['a 0-3', 'a 4-4', 'b 0-2'])
    looked.length = 0
    bands.next(100, places)
    expect(looked).to.deep.equal(['a 0-4', 'b 0-2'])
  })

  it('tells what changed since its last look, each band once, and names a few', () => {
    const { eyes, write } = library({ a: 20 })
    const bands = slice([image('a')], eyes)
    write('a', 3)
    expect(bands.next(20, at(0)), 'a first look is no news').to.deep.equal([])
    expect(bands.next(20, at(0))).to.deep.equal([])
    write('a', 10)
    expect(words(bands.next(20, at(0)))).to.deep.equal(['a: bands/a'])
    expect(bands.next(20, at(0))).to.deep.equal([])
    write('a', 1, 2, 3, 15, 16)
    expect(words(bands.next(20, at(0)))).to.deep.equal(['a: bands/1, bands/2, bands/3 and 2 more'])
  })

  it('follows an image to its other place, and passes over one that is at none', () => {
    const { eyes, looked, write } = library({ a: 2, b: 2 })
    const bands = slice([image('a'), image('b')], eyes)
    bands.next(4, at(0, 0))
    write('a', 1)
    looked.length = 0
    expect(bands.next(4, at(undefined, 0))).to.deep.equal([])
    expect(looked).to.deep.equal(['b 0-1'])
    expect(words(bands.next(4, at(1, 0)))).to.deep.equal(['a: bands/1'])
    expect(looked).to.contain('a.away 0-1')
  })
})

describe('the times of bands', () => {
  it('are those of the files of that name, -1 where none is, and follow no link', () => {
    const folder = join(temporaryFolder(), 'a.sparsebundle')
    const bands = join(folder, 'bands')
    mkdirSync(bands, { recursive: true })
    for (const name of ['0', 'a', '1f', 'note']) writeFileSync(join(bands, name), '')
    const path = fromText(folder)
    const numbers = bandsOf(path)
    expect([...numbers]).to.deep.equal([0, 10, 31])
    const before = bandTimesOf(path, numbers) as Float64Array
    utimesSync(join(bands, 'a'), 1, 1)
    rmSync(join(bands, '1f'))
    const after = bandTimesOf(path, numbers) as Float64Array
    expect(after[0]).to.equal(before[0])
    expect(after[1], 'a time put back is a change').to.be.above(before[1] as number)
    expect(after[2]).to.equal(-1)
    renameSync(bands, join(folder, 'away'))
    symlinkSync('away', bands)
    expect(bandTimesOf(path, numbers)).to.equal(undefined)
    expect(bandsOf(path)).to.have.length(0)
  })
})
