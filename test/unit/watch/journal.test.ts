import { expect } from 'chai'
import type { WatchLine } from '../../../lib/generated/watch.js'
import { journalLine, readJournal } from '../../../lib/watch/journal.js'
import { wordsOf } from '../../../lib/watch/words.js'

const at = (second: number): string => `2025-11-02T03:00:${String(second).padStart(2, '0')}.000Z`
const begin: WatchLine = { at: at(0), event: 'begin', run: 'run-1', process: { pid: 12, startTime: '345' } }
const moved: WatchLine = { at: at(7), event: 'moved', slot: 'bob', detail: 'to /Users/.bob/bob.sparsebundle' }
const end: WatchLine = { at: at(9), event: 'end', detail: 'it was asked to end' }
const text = (...lines: readonly WatchLine[]): string => lines.map(journalLine).join('')

describe('the journal of a watch', () => {
  it('is read as it was written', () => {
    expect(readJournal(text(begin, moved, end))).to.deep.equal({
      run: 'run-1',
      process: { pid: 12, startTime: '345' },
      whole: true,
      events: [moved],
      lastAt: at(9),
    })
  })

  it('is not whole without its begin or end, cut off at any byte, or with a line that is none', () => {
    const all = text(begin, moved, end)
    for (let length = 0; length < all.length; length += 1) {
      expect(readJournal(all.slice(0, length)).whole, all.slice(0, length)).to.equal(false)
    }
    expect(readJournal(text(moved, end)).whole).to.equal(false)
    for (const line of ['{', '[]', '{"at":"now","event":"moved"}', '{"event":"end"}']) {
      expect(readJournal(`${text(begin)}${line}\n${text(end)}`).whole, line).to.equal(false)
    }
    expect(readJournal(`${text(begin, moved)}{"at"`).events, 'what was written whole').to.deep.equal([moved])
  })

  it('is told in words, of one image and with every gap', () => {
    expect(wordsOf('bob', [moved])).to.equal('moved to /Users/.bob/bob.sparsebundle at 03:00:07 UTC')
    expect(wordsOf('zoe', [moved])).to.equal(undefined)
    const gap: WatchLine = { at: at(8), event: 'gap', detail: '61.0 s between two looks' }
    expect(wordsOf('zoe', [moved, gap])).to.equal('was out of sight for 61.0 s between two looks at 03:00:08 UTC')
    const login: WatchLine = { at: at(6), event: 'login', slot: 'bob', detail: 'bob' }
    expect(wordsOf('bob', [login]), 'a login alone').to.equal(undefined)
    expect(wordsOf('bob', [login, moved])).to.equal(
      'saw the login of bob at 03:00:06 UTC and moved to /Users/.bob/bob.sparsebundle at 03:00:07 UTC',
    )
    const lost: WatchLine = { at: at(8), event: 'snapshot-lost' }
    expect(wordsOf('zoe', [lost])).to.equal('was on a volume or snapshot that was unmounted at 03:00:08 UTC')
    expect(
      wordsOf(
        'bob',
        Array.from({ length: 9 }, () => moved),
      ),
    ).to.match(/(moved .*){6} and so on$/)
  })

  it('tells of each pause how long, why and until when, also after much else', () => {
    const paused: WatchLine = { at: at(10), event: 'paused', slot: 'bob', detail: 'it left its place', processes: [] }
    const resumed: WatchLine = {
      at: at(50),
      event: 'resumed',
      slot: 'bob',
      detail: 'the image was at rest again, used by bob',
    }
    const words =
      'had rsync paused for 40 s because it left its place, until the image was at rest again, used by bob, at 03:00:10 UTC'
    expect(wordsOf('bob', [paused, resumed])).to.equal(words)
    expect(wordsOf('zoe', [paused, resumed])).to.equal(undefined)
    expect(wordsOf('bob', [paused])).to.equal(
      'had rsync paused nobody knows how long because it left its place at 03:00:10 UTC',
    )
    expect(wordsOf('bob', [...Array.from({ length: 9 }, () => moved), paused, resumed])).to.match(
      /(moved .*){6}, had rsync paused for 40 s .* and so on$/,
    )
    const stopped: WatchLine = { ...paused, event: 'stopped' }
    expect(wordsOf('bob', [stopped])).to.equal('had rsync ended because it left its place at 03:00:10 UTC')
  })
})
