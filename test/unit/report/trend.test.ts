import { expect } from 'chai'
import type { HistoryImage, HistoryLine } from '../../../lib/generated/history.js'
import { trendText } from '../../../lib/cli/trend-text.js'
import { notBackedUp, trendOf } from '../../../lib/report/trend.js'

const image = (change: Partial<HistoryImage> = {}): HistoryImage => ({
  slot: 'bob',
  verdict: 'proven',
  expected: true,
  backedUp: true,
  waitedSeconds: 0,
  pausedSeconds: 0,
  reason: 'every byte is equal',
  usedBy: [],
  ...change,
})
const missed = (change: Partial<HistoryImage> = {}): HistoryImage =>
  image({ verdict: 'not-backed-up', backedUp: false, reason: 'in use by bob', usedBy: ['bob'], ...change })

/** One run a day, from the first of January. */
const nights = (...images: readonly (HistoryImage | undefined)[]): HistoryLine[] =>
  images.map((one, index) => ({
    schema: 'history/1',
    run: `run-${String(index)}`,
    phase: 'post',
    startedAt: new Date(Date.UTC(2026, 0, index + 1, 3)).toISOString(),
    finishedAt: new Date(Date.UTC(2026, 0, index + 1, 4)).toISOString(),
    waitedSeconds: 0,
    pausedSeconds: 0,
    images: one === undefined ? [] : [one],
  }))
const many = (n: number, one: HistoryImage): HistoryImage[] => Array.from({ length: n }, () => one)

describe('runs in a row that did not back an image up', () => {
  it('are counted from the newest one back to the last that did', () => {
    expect(notBackedUp(nights(), 'bob')).to.deep.equal({ runs: 0 })
    expect(notBackedUp(nights(missed(), image()), 'bob')).to.deep.equal({ runs: 0 })
    expect(notBackedUp(nights(missed(), image(), missed(), missed()), 'bob')).to.deep.equal({
      runs: 2,
      since: '2026-01-03T03:00:00.000Z',
    })
    expect(notBackedUp(nights(...many(40, missed())), 'bob').runs).to.equal(40)
  })

  it('pass over runs that did not know the image, or were not to back it up', () => {
    const wished = missed({ expected: false })
    expect(notBackedUp(nights(missed(), undefined, wished, missed()), 'bob').runs).to.equal(2)
    expect(notBackedUp(nights(missed(), missed()), 'zoe').runs).to.equal(0)
  })
})

describe('the trend of an image', () => {
  it('is of the last thirty runs that were to back it up', () => {
    const waiting = image({ waitedSeconds: 840, usedBy: ['bob', 'Finder'] })
    const lines = nights(
      ...many(10, missed({ usedBy: ['long ago'] })),
      ...many(20, image()),
      image({ verdict: 'suspect' }),
      waiting,
      missed({ expected: false, usedBy: ['nobody'] }),
      waiting,
      image({ waitedSeconds: 840, pausedSeconds: 180 }),
      image(),
      image(),
      ...many(4, missed({ usedBy: ['zoe'] })),
    )
    expect(trendOf(lines, 'bob')).to.deep.equal({
      slot: 'bob',
      runs: 30,
      backedUp: 26,
      suspect: 1,
      notBackedUpInARow: 4,
      notBackedUpSince: '2026-02-07T03:00:00.000Z',
      waited: 3,
      waitedSeconds: 2520,
      paused: 1,
      pausedSeconds: 180,
      usedBy: ['zoe', 'bob', 'Finder'],
      last: missed({ usedBy: ['zoe'] }),
    })
  })

  it('is none where no run was to back it up', () => {
    expect(trendOf(nights(undefined, missed({ expected: false })), 'bob')).to.equal(undefined)
  })

  it('is told in one line: how often, how long, by whom', () => {
    const text = (...images: readonly HistoryImage[]): string => {
      const trend = trendOf(nights(...images), 'bob')
      return trend === undefined ? '' : trendText('/Users/bob/b', trend)
    }
    expect(text(...many(30, image()))).to.equal('/Users/bob/b: backed up in 30 of 30 runs.')
    expect(
      text(
        ...many(23, image()),
        ...many(2, image({ waitedSeconds: 960, usedBy: ['bob'] })),
        image({ verdict: 'suspect', pausedSeconds: 180 }),
        ...many(4, missed({ waitedSeconds: 150 })),
      ),
    ).to.equal(
      '/Users/bob/b: backed up in 26 of 30 runs, 1 of these suspect; waited for 6 times, 42 min in all; rsync paused ' +
        'once, 3 min in all; not backed up 4 in a row, since 2026-01-27T03:00:00.000Z (in use by bob); used by bob; ' +
        'the last run waited 3 min.',
    )
    expect(text(missed({ usedBy: ['a', 'b', 'c', 'd', 'e', 'f'] }))).to.contain('; used by a, b, c, d and 2 more.')
  })
})
