import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Report, ReportImage } from '../../../lib/generated/report.js'
import type { RunRecord } from '../../../lib/generated/run.js'
import type { Image } from '../../../lib/image/image.js'
import { clearText } from '../../../lib/run/clear-text.js'
import { decisions } from '../../../lib/run/decisions.js'
import { nextStatus } from '../../../lib/run/next-status.js'
import type { Observed } from '../../../lib/run/observed.js'
import { fewerImages } from '../../../lib/run/search-findings.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

const facts = {
  configuration: '/c',
  stateFolder: '/s',
  storeId: null,
  node: '/n',
  source: '/Users',
  sectionZero: 7,
  volumes: new Map<string, boolean>(),
  isGone: () => true,
}
const report = (at: string, images: Partial<ReportImage>[], phase: Report['phase'] = 'post'): Report =>
  ({
    ...{ run: 'r', phase, startedAt: at, finishedAt: at, severity: 'fine', summary: '', findings: [], images },
    counts: { waitedSeconds: 600, pausedSeconds: 0 },
  }) as never

describe('what is known after a run', () => {
  const first = nextStatus(
    report('2026-01-01T00:00:00Z', [
      { slot: 'bob', path: '/Users/bob/b', user: 'bob', verdict: 'complete', reason: '' },
    ]),
    undefined,
    facts,
  )

  it('tells what held the run up, and of nothing that did not', () => {
    expect(first.lastRun).to.include({ waitedSeconds: 600 })
    expect(first.lastRun).to.not.have.property('pausedSeconds')
  })

  it('keeps the newest complete copy of an image that is bad tonight', () => {
    const bad = { slot: 'bob', path: '/Users/bob/b', user: 'bob', verdict: 'bad', reason: '' } as const
    const [slot] = nextStatus(report('2026-01-02T00:00:00Z', [bad]), first, { ...facts, sectionZero: 8 }).slots
    expect(slot).to.include({
      lastVerdict: 'bad',
      lastCompleteAt: '2026-01-01T00:00:00Z',
      lastCompleteSection: 7,
    })
  })

  it('keeps an image that is gone, warns once, and then only tells', () => {
    expect(fewerImages(new Set(['x']), first.slots, false, () => true).map(({ severity }) => severity)).to.deep.equal([
      'warning',
    ])
    const other = { slot: 'x', path: '/Users/x', user: 'x', verdict: 'complete', reason: '' } as const
    const gone = nextStatus(report('2026-01-02T00:00:00Z', [other]), first, facts)
    expect(gone.slots.find(({ slot }) => slot === 'bob')).to.include({
      goneSince: '2026-01-02T00:00:00Z',
      lastCompleteAt: '2026-01-01T00:00:00Z',
    })
    expect(fewerImages(new Set(['x']), gone.slots, false, () => true).map(({ severity }) => severity)).to.deep.equal([
      'info',
    ])
    const back = { slot: 'bob', path: '/Users/bob/b', user: 'bob', verdict: 'not-judged-yet', reason: '' } as const
    const [slot] = nextStatus(report('2026-01-03T00:00:00Z', [back], 'pre'), gone, facts).slots
    expect(slot).to.not.have.property('goneSince')
  })
})

describe('a home with an image in both of its places', () => {
  it('halts for both, by name: the rules would let only one through', () => {
    const account = {
      user: 'bob',
      home: fromText('/Users/bob'),
      hiddenHome: fromText('/Users/.bob'),
      imageName: fromText('bob.sparsebundle'),
      source: 'folder',
    } as const
    const images = ['/Users/bob/bob.sparsebundle', '/Users/.bob/bob.sparsebundle'].map((path) => ({
      image: { path: fromText(path), slot: path, container: 'sparse-bundle' },
      usage: { state: 'detached', evidence: ['x'], usedBy: [], mountPoints: [] },
      user: 'bob',
      copyPath: fromText(path.slice(1)),
    })) as unknown as Observed[]
    const given = { policies: [], excludedByAdministrator: undefined, ownPaths: [], waited: new Map<string, number>() }
    const both = [...decisions(images, { ...given, accounts: [account] }).values()]
    expect(both.map(({ action, code }) => [action, code])).to.deep.equal([
      ['halt', 'two-images'],
      ['halt', 'two-images'],
    ])
    expect(both[0]?.reason).to.contain('/Users/.bob/bob.sparsebundle')
    expect([...decisions(images, { ...given, accounts: [] }).values()].map(({ action }) => action)).to.deep.equal([
      'copy',
      'copy',
    ])
  })
})

describe('the section of a remote client', () => {
  it('is suspected of clear text where files lie beside a FileVault image', () => {
    const section = temporaryFolder()
    mkdirSync(join(section, 'Users/.bob/bob.sparsebundle'), { recursive: true })
    mkdirSync(join(section, 'Users/bob'))
    const record = { useSSH: true, source: '/Users', sourceTrailingSlash: false, homes: [] } as unknown as RunRecord
    const at = { number: 0, path: fromText(section), kind: 'folder', inode: 1 } as const
    const image = { path: fromText(join(section, 'Users/.bob/bob.sparsebundle')), root: at.path } as Image
    expect(clearText(record, at, [image])).to.deep.equal([])
    writeFileSync(join(section, 'Users/bob/secret.txt'), 'x')
    expect(clearText(record, at, [image]).map(({ code, severity }) => [code, severity])).to.deep.equal([
      ['clear-text-suspected', 'warning'],
    ])
  })
})
