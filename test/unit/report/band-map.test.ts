import { expect } from 'chai'
import fc from 'fast-check'
import { cellCharacter, drawMap, mapBands } from '../../../lib/report/band-map.js'

const mebibyte = 1024 * 1024

describe('a map of bands', () => {
  it('has a character for each band while there is room', () => {
    const bands = {
      possibleBands: 6,
      bandSize: mebibyte,
      virtualBytes: 5.5 * mebibyte,
      indexes: [0, 1, 2, 4, 5, 9],
      sizes: [mebibyte, 1, 0.5 * mebibyte, 0.9 * mebibyte, 0.5 * mebibyte, mebibyte],
    }
    const map = mapBands(bands, 80)
    expect(map.bandsPerCell).to.equal(1)
    // The last band is whole though it is short: the disk ends there.
    expect(drawMap(map, 80)).to.deep.equal(['█░▒·▓█'])
    expect(drawMap(map, 4)).to.deep.equal(['█░▒·', '▓█'])
  })

  it('never has more than 16 lines, and shows nothing and all only where it is so', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: 16, max: 200 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (possibleBands, columns, some) => {
          const indexes = [...new Set(some.map((index) => index % possibleBands))].sort((a, b) => a - b)
          const virtualBytes = possibleBands * 4096
          const bands = { possibleBands, bandSize: 4096, virtualBytes, indexes, sizes: indexes.map(() => 4096) }
          const map = mapBands(bands, columns)
          const text = drawMap(map, columns).join('')
          expect(drawMap(map, columns).length).to.be.at.most(16)
          expect(text.length).to.equal(Math.ceil(possibleBands / map.bandsPerCell))
          for (let cell = 0; cell < text.length; cell += 1) {
            const from = cell * map.bandsPerCell
            const room = Math.min(map.bandsPerCell, possibleBands - from)
            const held = indexes.filter((index) => index >= from && index < from + room).length
            expect(text[cell] === '·').to.equal(held === 0)
            expect(text[cell] === '█').to.equal(held === room)
          }
        },
      ),
      { numRuns: 200, seed: 5 },
    )
  })

  it('is full where all of very many bands are', () => {
    const indexes = Array.from({ length: 131_072 }, (_, index) => index)
    const bands = { possibleBands: 131_072, bandSize: 3 * 4096, virtualBytes: 131_072 * 3 * 4096 - 512, indexes }
    const map = mapBands({ ...bands, sizes: indexes.map(() => 3 * 4096) }, 79)
    expect([...new Set(map.cells)]).to.deep.equal([1])
  })

  it('uses no other characters', () => {
    expect([0, 0.001, 0.4, 0.7, 0.999, 1].map(cellCharacter).join('')).to.equal('·░▒▓▓█')
  })
})
