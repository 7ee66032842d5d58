import { expect } from 'chai'
import { hasSettled, sameTime, settleMicroseconds, writtenAt } from '../../../lib/verify/reuse.js'
import { wrongKind, type Differing } from '../../../lib/verify/wrong-kind.js'

const second = 1_000_000

/** A band that differs, written long before the run, its copy linked and of the same time. */
const differing = (more: Partial<Differing> = {}): Differing => ({
  source: { modified: 1000 * second, changed: 1000 * second, size: 10 },
  copy: { size: 10, modified: 1000 * second },
  linked: undefined,
  altered: false,
  written: 1000 * second,
  still: true,
  lookedBefore: 2000 * second,
  copiedBefore: 3000 * second,
  ...more,
})

describe('what a differing member is', () => {
  const table: readonly (readonly [string, Partial<Differing>, string])[] = [
    ['the same time', {}, 'missed-change'],
    ['20 s away', { copy: { size: 10, modified: 1020.9 * second } }, 'missed-change'],
    ['5 s before', { copy: { size: 10, modified: 1005 * second } }, 'missed-change'],
    ['21 s away, so rsync copied it', { copy: { size: 10, modified: 1021 * second } }, 'damaged'],
    ['made tonight', { linked: false }, 'damaged'],
    [
      'made on a night that nothing trusted tells of, and 5 s away',
      { linked: false, copy: { size: 10, modified: 995 * second } },
      'missed-change',
    ],
    ['altered since it was checked', { altered: true, linked: true }, 'damaged'],
    ['another length', { copy: { size: 11, modified: 1000 * second } }, 'size'],
    ['written during the run', { still: false, written: 2500 * second }, 'mixed'],
    [
      'another length, written during the run',
      { still: false, written: 2500 * second, copy: { size: 1, modified: 0 } },
      'mixed',
    ],
    ['a still image, whatever its clock says', { written: 2500 * second }, 'missed-change'],
    ['written after rsync had ended', { still: false, written: 3001 * second, altered: true }, 'moved-on'],
  ]
  for (const [what, more, kind] of table) {
    it(`${what}: ${kind}`, () => {
      expect(wrongKind(differing(more))).to.equal(kind)
    })
  }
})

describe('times', () => {
  it('are the same when they differ by what a double may lose', () => {
    expect([sameTime(5, 6), sameTime(6, 5), sameTime(5, 7)]).to.deep.equal([true, true, false])
  })

  it('have settled two seconds, or two steps of the volume, before the look', () => {
    const settle = settleMicroseconds(1)
    expect([settle, settleMicroseconds(2000)]).to.deep.equal([2 * second, 4 * second])
    const at = (modified: number, changed: number): boolean =>
      hasSettled({ modified: modified * second, changed: changed * second }, 100 * second, settle)
    expect([at(98, 98), at(99, 98), at(98, 99)]).to.deep.equal([true, false, false])
    // An mtime far beyond the ctime was set by hand: the ctime alone tells.
    expect([at(5000, 98), at(5000, 99)]).to.deep.equal([true, false])
    expect(writtenAt({ modified: 5000 * second, changed: 98 * second }, settle)).to.equal(98 * second)
  })
})
