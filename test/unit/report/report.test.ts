import { expect } from 'chai'
import type { ReportImage, ReportedFinding } from '../../../lib/generated/report.js'
import type { SlotStatus } from '../../../lib/generated/status.js'
import { validateReport } from '../../../lib/generated/validators.js'
import { buildReport, type ReportParts } from '../../../lib/report/build.js'
import { reportLines } from '../../../lib/report/lines.js'
import { reportTable, table } from '../../../lib/report/table.js'

const image = (change: Partial<ReportImage> = {}): ReportImage => ({
  slot: 'bob-1',
  path: "/Users/bob/bob's.sparsebundle",
  user: 'bob',
  verdict: 'complete',
  loudness: 'fine',
  reason: 'the structure of the copy is right',
  usedBy: [],
  findings: [],
  bytes: 1024,
  members: 6,
  waitedSeconds: 0,
  ...change,
})
const parts = (change: Partial<ReportParts> = {}): ReportParts => ({
  run: 'run-1',
  phase: 'post',
  startedAt: new Date('2026-03-01T02:00:00Z'),
  finishedAt: new Date('2026-03-01T02:10:00Z'),
  images: [image()],
  findings: [],
  entries: 10,
  exitCode: (severity) => (severity === 'fine' ? 0 : 1),
  ...change,
})
const background = {
  now: new Date('2026-03-01T02:10:00Z'),
  slots: [] as SlotStatus[],
  sections: [{ number: 3, inode: 77 }],
  configuration: '/etc/my backup.conf',
}
const warning: ReportedFinding = { code: 'no-images', severity: 'warning', message: 'No image.', cure: 'Look.' }

describe('a report', () => {
  it('is as its schema says', () => {
    const report = buildReport(parts({ findings: [warning] }))
    expect(validateReport(report), JSON.stringify(validateReport.errors)).to.equal(true)
  })

  it('is as loud as its loudest part, and its exit code comes from that', () => {
    expect(buildReport(parts())).to.include({ severity: 'fine', exitCode: 0 })
    expect(buildReport(parts({ findings: [warning] }))).to.include({ severity: 'warning', exitCode: 1 })
    const bad = [image(), image({ verdict: 'bad', loudness: 'error' })]
    expect(buildReport(parts({ images: bad, findings: [warning] })).severity).to.equal('error')
  })

  it('counts every image under exactly one verdict', () => {
    const images = (['complete', 'suspect', 'bad', 'not-backed-up', 'not-judged-yet'] as const).map((verdict) =>
      image({ verdict }),
    )
    const { counts } = buildReport(parts({ images }))
    expect(counts).to.include({
      images: 5,
      judged: 4,
      complete: 1,
      suspect: 1,
      bad: 1,
      notBackedUp: 1,
      members: 30,
      bytes: 5120,
    })
    expect(counts.seconds).to.equal(600)
  })

  it('never says "ok" of an image', () => {
    const lines = reportLines(buildReport(parts()), background)
    expect(lines.map(({ text }) => text).join('\n')).to.not.match(/\bok\b/i)
  })
})

describe('the lines of a report', () => {
  it('end with the counts even where there is no image', () => {
    const lines = reportLines(buildReport(parts({ images: [] })), background)
    expect(lines.at(-1)?.text).to.contain('0 images').and.to.contain('10 entries searched')
  })

  it('give an error its four parts: what, the newest copy, a command, what happens next', () => {
    const slots = [
      {
        slot: 'bob-1',
        path: '',
        user: '',
        lastVerdict: 'complete',
        lastAt: '',
        lastCompleteAt: '2026-02-27T02:10:00Z',
        reason: '',
      },
    ] as const
    const images = [image({ verdict: 'bad', loudness: 'error', reason: 'there is no copy' })]
    const [line] = reportLines(buildReport(parts({ images })), { ...background, slots })
    expect(line?.loudness).to.equal('error')
    expect(line?.text).to.contain('there is no copy')
    expect(line?.text).to.contain('2 days ago (2026-02-27T02:10:00Z)')
    expect(line?.text).to.contain(String.raw`verify --config '/etc/my backup.conf' '/Users/bob/bob'\''s.sparsebundle'`)
    expect(line?.text).to.contain('keep the older sections')
  })

  it('say in a pre-backup hook what happens tonight: nothing where it halts, else the backup goes on', () => {
    const images = [image({ verdict: 'bad', loudness: 'error' })]
    const said = (code: number): string =>
      reportLines(buildReport(parts({ images, phase: 'pre', exitCode: () => code })), background)[0]?.text ?? ''
    expect(said(129)).to.match(/ Tonight nothing is backed up; every section stays as it is\.$/)
    expect(said(1)).to.match(/ Tonight’s backup goes on\.$/)
  })

  it('say so where no complete copy is known', () => {
    const images = [image({ verdict: 'bad', loudness: 'error' })]
    expect(reportLines(buildReport(parts({ images })), background)[0]?.text).to.contain(
      'No complete copy of it is known',
    )
  })

  it('tell how long was waited and paused, for whom, of each image and of the run', () => {
    const text = (change: Partial<ReportImage>, pausedSeconds = 0): string => {
      const report = buildReport(parts({ images: [image(), image(change)], pausedSeconds }))
      return reportLines(report, background)
        .slice(1)
        .map((line) => line.text)
        .join('\n')
    }
    expect(text({ waitedSeconds: 600 })).to.match(/^complete after a wait of 10 min: [^]*; the run waited 10 min \(/)
    const both = text({ waitedSeconds: 600, waitedFor: ['bob', 'Finder'], pausedSeconds: 180 }, 200)
    expect(both).to.contain('complete after a wait of 10 min for bob and Finder and a pause of rsync of 3 min: ')
    expect(both).to.contain('; the run waited 10 min and had rsync paused for 3 min (')
    expect(text({})).to.not.match(/wait|pause/)
  })

  it('count what held up the whole run', () => {
    const images = [image({ waitedSeconds: 60 }), image({ waitedSeconds: 600 })]
    expect(buildReport(parts({ images, pausedSeconds: 7 })).counts).to.include({ waitedSeconds: 600, pausedSeconds: 7 })
  })

  it('give a finding its cure', () => {
    const [line] = reportLines(buildReport(parts({ findings: [warning] })), background)
    expect(line).to.deep.equal({ loudness: 'warning', text: 'No image. Look.' })
  })
})

describe('the table of a report', () => {
  it('pads its columns and cuts nothing', () => {
    expect(
      table(
        ['a', 'b'],
        [
          ['long cell', 'x'],
          ['', 'longer than the heading'],
        ],
      ),
    ).to.deep.equal(['a          b', 'long cell  x', '           longer than the heading'])
  })

  it('tells what held an image up', () => {
    const text = reportTable(buildReport(parts({ images: [image({ waitedSeconds: 600, waitedFor: ['bob'] })] })))
    expect(text).to.contain('complete after a wait of 10 min for bob  bob ')
  })

  it('shouts where something is wrong', () => {
    const text = reportTable(
      buildReport(parts({ images: [image({ verdict: 'bad', loudness: 'error' })], findings: [warning] })),
    )
    expect(text).to.contain('ERROR! bad').and.to.contain('WARNING! No image. Look.')
  })
})
