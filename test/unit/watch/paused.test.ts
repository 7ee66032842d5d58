import { expect } from 'chai'
import type { WatchLine } from '../../../lib/generated/watch.js'
import { pausedIn } from '../../../lib/watch/paused.js'

const at = (second: number): string => new Date(Date.UTC(2025, 10, 2, 3, 0, second)).toISOString()
const paused = (slot: string, second: number): WatchLine => ({ at: at(second), event: 'paused', slot })
const resumed = (slot: string, second: number): WatchLine => ({ at: at(second), event: 'resumed', slot })

/** Seconds by slot, and of the run. */
const seconds = (events: readonly WatchLine[], lastAt: string | undefined): unknown => {
  const { bySlot, seconds: all } = pausedIn(events, lastAt)
  return [Object.fromEntries(bySlot), all]
}

describe('how long rsync was paused', () => {
  it('is nothing where it never was', () => {
    expect(seconds([{ at: at(1), event: 'moved', slot: 'bob' }, resumed('bob', 2)], at(9))).to.deep.equal([{}, 0])
    expect(seconds([], undefined)).to.deep.equal([{}, 0])
  })

  it('is the sum of the pauses of each slot', () => {
    const events = [paused('bob', 10), resumed('bob', 40), paused('zoe', 50), resumed('zoe', 55), paused('bob', 60)]
    expect(seconds([...events, resumed('bob', 100)], at(200))).to.deep.equal([{ bob: 70, zoe: 5 }, 75])
  })

  it('counts pauses at the same time once for the run', () => {
    const events = [paused('bob', 10), paused('zoe', 20), resumed('bob', 40), resumed('zoe', 50)]
    expect(seconds(events, at(60))).to.deep.equal([{ bob: 30, zoe: 30 }, 40])
  })

  it('lasts until the end of the journal where nobody told its end, and begins once', () => {
    expect(seconds([paused('bob', 10), paused('bob', 30)], at(70))).to.deep.equal([{ bob: 60 }, 60])
  })

  it('is never less than nothing, whatever the clock did', () => {
    expect(seconds([paused('bob', 100), resumed('bob', 40)], at(50))).to.deep.equal([{ bob: 0 }, 0])
  })
})
