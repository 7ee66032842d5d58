import { expect } from 'chai'
import { random as randomFrom } from '../../support/mac/random.js'
import { proofOrder, type ProofBook } from '../../../lib/verify/proof-order.js'

const day = 86_400_000
const at = (milliseconds: number): string => new Date(milliseconds).toISOString()
const image = (slot: string): { slot: string } => ({ slot })

/** Copies by slot, each a day on which it was made and whether it is proven. */
const book = (copies: Record<string, [day: number, verdict?: string][]>, more = 0): ProofBook => ({
  slots: Object.entries(copies).map(([slot, made]) => ({
    slot,
    copies: made.map(([number, verdict = 'proven']) => ({ label: { madeAt: at(number * day + more), verdict } })),
  })),
})
const order = (slots: string, known: ProofBook): string =>
  proofOrder([...slots].map(image), known)
    .map(({ slot }) => slot)
    .join('')

describe('the order in which images are proven', () => {
  it('is by the oldest last proof', () => {
    expect(order('abc', book({ a: [[9], [3]], b: [[7]], c: [[8]] }))).to.equal('bca')
  })

  it('is that of the run where proofs are of the same night', () => {
    expect(order('cab', book({ a: [[9]], b: [[9]], c: [[9]] }))).to.equal('cab')
  })

  it('begins with what was never proven, then with what was not proven last', () => {
    expect(order('abcd', book({ a: [[9]], b: [[9, 'complete'], [8]], c: [[9]] })).slice(0, 2)).to.match(/^(db|bd)$/)
    expect(order('abc', book({ a: [[9]], b: [[9]] }))).to.equal('cab')
  })

  it('leaves none of those that wait behind one that is never proven, however regular the runs', () => {
    const firsts = new Set<string>()
    const random = randomFrom(5)
    for (let night = 1; night <= 40; night += 1) {
      // Each week, and some milliseconds after that.
      const known = book(
        { a: [[night * 7, 'suspect']], b: [[night * 7, 'complete'], [2]], c: [[night * 7, 'complete'], [1]] },
        random.below(1000),
      )
      firsts.add(order('abc', known).charAt(0))
      expect(order('abc', known).slice(1)).to.be.oneOf(['ac', 'ab', 'cb'])
    }
    expect([...firsts].sort().join('')).to.equal('abc')
  })

  it('names every image once, also with an empty book', () => {
    expect(order('abc', book({}))).to.equal('abc')
    expect(order('', book({ a: [[1]] }))).to.equal('')
  })
})
