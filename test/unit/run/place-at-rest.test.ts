import { expect } from 'chai'
import type { RunImage, RunRecord } from '../../../lib/generated/run.js'
import { placeAtRest } from '../../../lib/run/place-at-rest.js'

const record = {
  source: '/Users',
  sourceTrailingSlash: false,
  homes: [{ user: 'bob', home: '/Users/bob', hiddenHome: '/Users/.bob', imageName: 'bob.sparsebundle' }],
} as unknown as RunRecord
const image = (path: string, copyPath: string | null): RunImage => ({ path, copyPath }) as RunImage

describe('the place of an image at rest', () => {
  it('is the home, while its user is logged in too', () => {
    const there = image('/Users/.bob/bob.sparsebundle', 'Users/.bob/bob.sparsebundle')
    expect(placeAtRest(record, there)).to.equal('Users/bob/bob.sparsebundle')
    const here = image('/Users/bob/bob.sparsebundle', 'Users/bob/bob.sparsebundle')
    expect(placeAtRest(record, here)).to.equal('Users/bob/bob.sparsebundle')
  })

  it('is where it lies for every other image, and none for one outside of the source', () => {
    const other = image('/Users/.bob/other.sparsebundle', 'Users/.bob/other.sparsebundle')
    expect(placeAtRest(record, other)).to.equal('Users/.bob/other.sparsebundle')
    expect(placeAtRest(record, image('/Volumes/x.sparsebundle', null))).to.equal(null)
  })
})
