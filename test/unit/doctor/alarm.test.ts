import { expect } from 'chai'
import { alarms, type AlarmFacts } from '../../../lib/doctor/alarm.js'
import type { RunRecord } from '../../../lib/generated/run.js'
import type { SlotTrend } from '../../../lib/generated/status-report.js'
import type { Status } from '../../../lib/generated/status.js'
import type { RawPath } from '../../../lib/text/raw-path.js'

const now = new Date('2025-11-10T12:00:00Z')
const hoursAgo = (hours: number): string => new Date(now.getTime() - hours * 3_600_000).toISOString()

const run = {
  id: 'r',
  startedAt: hoursAgo(9),
  finishedAt: hoursAgo(8),
  severity: 'fine',
  summary: 'Every image was accounted for.',
  post: true,
} as const
const slot = {
  slot: 'bob-1',
  path: '/Users/bob/bob.sparsebundle',
  user: 'bob',
  lastVerdict: 'complete',
  lastAt: hoursAgo(8),
  lastCompleteAt: hoursAgo(8),
  reason: 'its structure is right',
} as const
const status: Status = {
  schema: 'status/1',
  configuration: '/b/b.conf',
  stateFolder: '/s',
  storeId: null,
  lastRun: run,
  slots: [slot],
}
const healthy: AlarmFacts = {
  now,
  status,
  record: { state: 'finished', startedAt: run.startedAt } as RunRecord,
  lock: { state: 'free' },
  heeded: true,
  holder: undefined,
  holderAlive: false,
  waiting: [],
  noRunHours: 30,
  trends: [],
  warnAfterRuns: 3,
  doctorCommand: 'lbackup-filevault doctor --config /b/b.conf',
  tonightCommand: 'lbackup-filevault tonight --config /b/b.conf',
}
const holder = { pid: 7, startTime: '1', bootId: 'b', host: 'h', since: hoursAgo(9), runId: 'r' }

/** Severity and code of each alarm. */
const cries = (facts: Partial<AlarmFacts>): string[] =>
  alarms({ ...healthy, ...facts }).map(({ severity, code }) => `${severity} ${code}`)
const last = (changes: Partial<typeof run> | object): Partial<AlarmFacts> => ({
  status: { ...status, lastRun: { ...run, ...changes } },
})
const of = (changes: object): Partial<AlarmFacts> => ({ status: { ...status, slots: [{ ...slot, ...changes }] } })

describe('alarms', () => {
  it('are silent where all is well', () => {
    expect(cries({})).to.deep.equal([])
  })

  it('cry for a run that never was, or too long ago', () => {
    expect(cries({ status: undefined, record: undefined })).to.deep.equal(['error no-run-yet'])
    expect(cries({ status: { ...status, lastRun: null, slots: [] } })).to.deep.equal(['error no-run-yet'])
    expect(cries(last({ finishedAt: hoursAgo(30) }))).to.deep.equal([])
    expect(cries(last({ finishedAt: hoursAgo(30.1) }))).to.deep.equal(['error run-overdue'])
    expect(cries({ ...last({ finishedAt: hoursAgo(30.1) }), noRunHours: 48 })).to.deep.equal([])
  })

  it('cry for a wait that has not ended at its time, not for one that goes on', () => {
    const awaited = (hours: number) => ({
      waiting: [{ ...slot, usedBy: ['bob'], since: hoursAgo(2), until: hoursAgo(hours) }],
    })
    expect(cries(awaited(-1))).to.deep.equal([])
    expect(cries(awaited(1 / 60))).to.deep.equal([])
    expect(cries(awaited(1.1 / 60))).to.deep.equal(['warning wait-overdue'])
    expect(alarms({ ...healthy, ...awaited(1) })[0]?.message).to.match(
      /^The pre-backup hook waits for \/Users\/bob\/bob\.sparsebundle \(bob\) since \S+, and should have gone on 60 min ago, at /,
    )
  })

  it('cry for a run that ended badly', () => {
    expect(cries(last({ severity: 'warning' }))).to.deep.equal(['warning run-bad'])
    expect(cries(last({ severity: 'error', post: false }))).to.deep.equal(['error run-bad'])
  })

  it('cry for a stale lock of LBackup that is heeded, not for a backup under way', () => {
    const stale = { state: 'stale', file: '/b/backup_in_progress.lock' as RawPath, why: 'names no process' } as const
    expect(cries({ lock: stale })).to.deep.equal(['error lbackup-lock-stale'])
    expect(cries({ lock: stale, heeded: false })).to.deep.equal([])
    expect(cries({ lock: { state: 'running', file: '/l' as RawPath, pid: 7 } })).to.deep.equal([])
  })

  it('cry for a post hook that never came, not while it may still come', () => {
    const open = { ...last({ post: false }), record: { ...healthy.record, state: 'backing-up' } as RunRecord }
    expect(cries(open)).to.deep.equal(['error post-hook-missing'])
    expect(cries({ ...open, holder, holderAlive: true })).to.deep.equal([])
    expect(cries({ ...open, lock: { state: 'running', file: '/l' as RawPath, pid: 7 } })).to.deep.equal([])
    expect(cries({ ...open, holder, holderAlive: false })).to.deep.equal(['error post-hook-missing'])
    expect(cries(last({ post: false }))).to.deep.equal([])
  })

  it('cry for an image whose newest complete copy is old or unknown', () => {
    expect(cries(of({ lastCompleteAt: hoursAgo(7 * 24) }))).to.deep.equal([])
    expect(cries(of({ lastCompleteAt: hoursAgo(7 * 24 + 1), lastVerdict: 'not-backed-up' }))).to.deep.equal([
      'warning copy-old',
    ])
    const never = Object.fromEntries(Object.entries(slot).filter(([key]) => key !== 'lastCompleteAt')) as typeof slot
    const unknown = (lastVerdict: 'bad' | 'not-judged-yet'): Partial<AlarmFacts> => ({
      status: { ...status, slots: [{ ...never, lastVerdict }] },
    })
    expect(cries(unknown('bad'))).to.deep.equal(['warning copy-none'])
    expect(cries(unknown('not-judged-yet'))).to.deep.equal([])
  })

  it('cry for an image that too many runs in a row did not back up, unless it is gone, or nobody wants to know', () => {
    const trend = (notBackedUpInARow: number): SlotTrend =>
      ({
        slot: slot.slot,
        notBackedUpInARow,
        notBackedUpSince: hoursAgo(80),
        last: { reason: 'in use by bob' },
      }) as unknown as SlotTrend
    expect(cries({ trends: [trend(2)] })).to.deep.equal([])
    expect(cries({ trends: [trend(3)] })).to.deep.equal(['warning runs-missed'])
    expect(cries({ trends: [trend(3)], warnAfterRuns: 4 })).to.deep.equal([])
    expect(cries({ trends: [trend(3)], warnAfterRuns: 0 })).to.deep.equal([])
    expect(cries({ trends: [trend(3)], ...of({ goneSince: hoursAgo(8) }) })).to.deep.equal([])
    const kept = { newestGood: hoursAgo(99), newestGoodIn: 'Section.4', generations: 0, heldBytes: 0, shared: false }
    const [told] = alarms({ ...healthy, trends: [trend(3)], ...of({ kept }) })
    expect(told?.message).to.equal(
      `/Users/bob/bob.sparsebundle (bob) was not backed up in the last 3 runs, since ${hoursAgo(80)}: in use by bob. ` +
        `Its newest good copy is of ${hoursAgo(99)} (Section.4).`,
    )
    expect(told?.cure).to.contain('lbackup-filevault tonight --config /b/b.conf')
  })

  it('name errors before warnings, each with a cure', () => {
    const all = alarms({ ...healthy, ...last({ severity: 'warning', finishedAt: hoursAgo(99) }) })
    expect(all.map(({ severity }) => severity)).to.deep.equal(['error', 'warning'])
    for (const { cure } of all) expect(cure).to.match(/\w{3}/)
  })
})
