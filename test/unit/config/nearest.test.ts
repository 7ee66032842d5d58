import { expect } from 'chai'
import fc from 'fast-check'
import { nearest } from '../../../lib/config/nearest.js'

const words = ['leave-out', 'wait', 'copy-and-prove', 'halt']

describe('nearest', () => {
  for (const [typed, meant] of [
    ['wiat', 'wait'],
    ['copy_and_prove', 'copy-and-prove'],
    ['CopyAndProve', 'copy-and-prove'],
    ['leavout', 'leave-out'],
    ['copy', 'copy-and-prove'],
    ['stop', undefined],
    ['', undefined],
    ['no', undefined],
  ] as const) {
    it(`takes ${JSON.stringify(typed)} for ${meant ?? 'nothing'}`, () => {
      expect(nearest(typed, words)).to.equal(meant)
    })
  }

  it('finds every word again after one letter was added, dropped or changed', () => {
    const slip = fc.record({
      word: fc.constantFrom(...words),
      at: fc.nat(20),
      cut: fc.nat(1),
      put: fc.constantFrom('', 'x'),
    })
    fc.assert(
      fc.property(slip, ({ word, at, cut, put }) => {
        const place = at % word.length
        expect(nearest(word.slice(0, place) + put + word.slice(place + cut), words)).to.equal(word)
      }),
    )
  })

  it('does not spend time on a word of a megabyte', () => {
    expect(nearest('a'.repeat(1 << 20), ['a'.repeat(1 << 20)])).to.equal(undefined)
  })
})
