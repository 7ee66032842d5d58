import { expect } from 'chai'
import { historyLine, type ImageOfRun } from '../../../lib/report/history-line.js'
import { newestCopy } from '../../../lib/report/lines.js'
import { missedFindings } from '../../../lib/report/missed.js'

const image = (change: Partial<ImageOfRun> = {}): ImageOfRun => ({
  slot: 'bob',
  path: '/Users/bob/bob.sparsebundle',
  user: 'bob',
  verdict: 'not-backed-up',
  reason: 'in use by bob',
  usedBy: ['bob'],
  decision: { action: 'leave-out', code: 'in-use', reason: 'in use by bob' },
  waitedSeconds: 0,
  ...change,
})
const line = (day: number, one: ImageOfRun) =>
  historyLine({
    run: `run-${String(day)}`,
    phase: 'post',
    startedAt: `2026-01-0${String(day)}T03:00:00Z`,
    finishedAt: `2026-01-0${String(day)}T04:00:00Z`,
    images: [one],
    pausedSeconds: 0,
  })
const background = () => ({
  now: new Date('2026-01-09T04:00:00Z'),
  slots: [
    {
      slot: 'bob',
      path: '/Users/bob/bob.sparsebundle',
      user: 'bob',
      lastVerdict: 'proven',
      lastAt: '2026-01-01T04:00:00Z',
      reason: 'r',
      kept: {
        newestGood: '2026-01-01T04:00:00Z',
        newestGoodIn: 'Section.0',
        generations: 0,
        heldBytes: 0,
        shared: false,
      },
    } as const,
  ],
  sections: [],
  configuration: '/etc/b.conf',
})
/** What is told after so many runs that did not back the image up. */
const told = (runs: number, one = image(), warnAfterRuns = 3) =>
  missedFindings(
    [one],
    Array.from({ length: runs }, (_, index) => line(index + 1, one)),
    { warnAfterRuns, phase: 'post', background },
  )

describe('an image that runs in a row did not back up', () => {
  it('is a warning from the third run on, not before, and by the configuration after more, fewer or never', () => {
    expect([1, 2, 3, 4].map((runs) => told(runs).map(({ severity }) => severity))).to.deep.equal([
      [],
      [],
      ['warning'],
      ['warning'],
    ])
    expect(told(4, image(), 5)).to.deep.equal([])
    expect(told(1, image(), 1)).to.have.length(1)
    expect(told(9, image(), 0)).to.deep.equal([])
  })

  it('is told with the newest good copy, one command and what happens tonight', () => {
    expect(told(4)).to.deep.equal([
      {
        code: 'runs-missed',
        severity: 'warning',
        message:
          '/Users/bob/bob.sparsebundle (bob) was not backed up in the last 4 runs, since 2026-01-01T03:00:00Z: in use ' +
          'by bob. Its newest good copy was made 8 days ago (2026-01-01T04:00:00Z) and lies in Section.0.',
        cure:
          'Let its user log out before a backup, or change its policy in filevault.json. See what the next run would ' +
          'do: lbackup-filevault tonight --config /etc/b.conf. The next backup tries again; until it is complete, keep ' +
          'the older sections.',
      },
    ])
    expect(told(3, image({ usedBy: [] }))[0]?.cure).to.contain("Read LBackup's log of these nights.")
  })

  it('is no matter where the administrator leaves it out, nor where there is a copy, however suspect', () => {
    const wished = { action: 'leave-out', code: 'excluded-by-administrator', reason: 'r' } as const
    expect(told(5, image({ decision: wished }))).to.deep.equal([])
    expect(told(5, image({ verdict: 'suspect' }))).to.deep.equal([])
    expect(told(5, image({ verdict: 'bad' }))).to.have.length(1)
  })
})

describe('the newest copy of an image', () => {
  it('lies in a section, or that has rotated away, or nobody can tell', () => {
    const known = { lastCompleteAt: '2026-01-01T04:00:00Z', lastCompleteSection: 7 }
    const where = (sections: readonly { number: number; inode: number }[] | undefined): string => {
      const { now, slots, configuration } = background()
      const slot = { ...slots[0], ...known, kept: undefined } as never
      return newestCopy(image(), { now, configuration, sections, slots: [slot] })
    }
    expect(where([{ number: 3, inode: 7 }])).to.match(/, in Section\.3\.$/)
    expect(where([])).to.match(/, and its section has rotated away\.$/)
    expect(where(undefined)).to.match(/; where it lies cannot be told, since the backup disk cannot be read\.$/)
  })
})
