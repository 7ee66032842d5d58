import { expect } from 'chai'
import { count, duration, list, size } from '../../../lib/text/measure.js'

describe('numbers for people', () => {
  it('sizes', () => {
    expect([0, 1, 1023, 1024, 3_565_158, 200 * 1024 ** 2, 2 ** 60].map(size)).to.deep.equal([
      '0 bytes',
      '1 byte',
      '1023 bytes',
      '1.0 KiB',
      '3.4 MiB',
      '200 MiB',
      '1024 PiB',
    ])
  })

  it('durations', () => {
    expect([0, 8.4, 119, 120, 3540, 7200, 11_100, 172_799, 345_600].map(duration)).to.deep.equal([
      '0 s',
      '8 s',
      '119 s',
      '2 min',
      '59 min',
      '2 h',
      '3 h 5 min',
      '2 days',
      '4 days',
    ])
  })

  it('counts and lists', () => {
    expect([count(1, 'image'), count(0, 'image'), count(2, 'copy', 'copies')]).to.deep.equal([
      '1 image',
      '0 images',
      '2 copies',
    ])
    expect([list([]), list(['a']), list(['a', 'b']), list(['a', 'b', 'c'])]).to.deep.equal([
      '',
      'a',
      'a and b',
      'a, b and c',
    ])
  })
})
