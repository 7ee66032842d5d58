import { expect } from 'chai'
import fc from 'fast-check'
import { lineReader } from '../../../lib/text/lines.js'

describe('lines that come in pieces', () => {
  it('are the same however they are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[ab\n]{0,6}$/)), (pieces) => {
        const lines: string[] = []
        const read = lineReader(100_000, (line) => lines.push(line))
        for (const piece of pieces) expect(read(piece)).to.be.true
        expect(lines).to.deep.equal(pieces.join('').split('\n').slice(0, -1))
      }),
    )
  })

  it('are refused once one is too long, and nothing is kept or told after that', () => {
    const lines: string[] = []
    const read = lineReader(4, (line) => lines.push(line))
    expect([read('1234\n12'), read('345'), read('\nok\n')]).to.deep.equal([true, false, false])
    expect(lines).to.deep.equal(['1234'])
  })
})
