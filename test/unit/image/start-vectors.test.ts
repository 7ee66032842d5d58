import { Buffer } from 'node:buffer'
import { createHmac } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { startVectors } from '../../../lib/image/start-vectors.js'

describe('start vectors', () => {
  it('are what HMAC-SHA1 gives, for keys of any length and blocks of any number', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 100 }),
        fc.array(fc.integer({ min: 0, max: 0xffffffff }), { minLength: 1, maxLength: 5 }),
        (key, blocks) => {
          const vectorOf = startVectors(Buffer.from(key))
          const words = new Int32Array(6)
          for (const block of blocks) {
            vectorOf(block, words, 1)
            const number = Buffer.alloc(4)
            number.writeUInt32BE(block)
            const expected = createHmac('sha1', key).update(number).digest().subarray(0, 16)
            expect(Buffer.from(words.buffer).subarray(4, 20).equals(expected)).to.equal(true)
            expect([words[0], words[5]]).to.deep.equal([0, 0])
          }
        },
      ),
      { numRuns: 300, seed: 11 },
    )
  })
})
