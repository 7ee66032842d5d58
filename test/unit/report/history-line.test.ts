import { expect } from 'chai'
import { historyLine, historyText, readHistory, type ImageOfRun } from '../../../lib/report/history-line.js'

const image: ImageOfRun = {
  slot: 'bob',
  path: '/Users/bob/bob.sparsebundle',
  user: 'bob',
  verdict: 'proven',
  reason: 'every byte is equal',
  usedBy: ['zoe'],
  decision: { action: 'copy', code: 'at-rest', reason: 'nothing uses it' },
  waitedSeconds: 600,
  waitedFor: ['bob', 'diskimages-helper (pid 312)', 'diskimages-helper (pid 9)'],
  pausedSeconds: 12,
}
const line = (run: string, one = image) =>
  historyLine({
    run,
    phase: 'post',
    startedAt: '2026-01-01T03:00:00Z',
    finishedAt: '2026-01-01T04:00:00Z',
    images: [one, { ...one, slot: 'zoe', waitedSeconds: 5 }],
    pausedSeconds: 30,
  })

describe('a line of the history', () => {
  it('tells of each image what became of it, what held it up and whom it was for, and the same of the run', () => {
    const { images, ...run } = line('run-1')
    expect(run).to.include({ run: 'run-1', phase: 'post', waitedSeconds: 600, pausedSeconds: 30 })
    expect(images[0]).to.deep.equal({
      slot: 'bob',
      verdict: 'proven',
      action: 'copy',
      expected: true,
      backedUp: true,
      waitedSeconds: 600,
      pausedSeconds: 12,
      reason: 'every byte is equal',
      usedBy: ['zoe', 'bob', 'diskimages-helper'],
    })
  })

  it('is bounded, however much there is to say', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `user ${String(index)}`)
    const text = historyText(line('run-1', { ...image, reason: 'x'.repeat(1e6), usedBy: names }))
    expect(text.length).to.be.below(2000)
    expect(readHistory(text)).to.have.length(1)
  })
})

describe('a history', () => {
  const all = [line('run-1'), line('run-2'), line('run-3')]

  it('is read as it was written', () => {
    expect(readHistory(all.map(historyText).join(''))).to.deep.equal(all)
  })

  it('cut off at any byte keeps every line before', () => {
    const [first = '', second = ''] = all.map(historyText)
    for (let length = 0; length < second.length - 1; length += 1) {
      expect(readHistory(`${first}${second.slice(0, length)}`), String(length)).to.deep.equal([all[0]])
      // The next run begins a line of its own.
      expect(
        readHistory(`${first}${second.slice(0, length)}\n${historyText(all[2] as (typeof all)[0])}`),
      ).to.have.length(2)
    }
  })

  it('passes over what is no line of ours', () => {
    const foreign = ['', '{', 'null', '[]', '{"schema":"history/2"}', '\u0000\u0000', '"x"', 'x'.repeat(100_000)]
    const text = all.map((one) => `${historyText(one)}${foreign.join('\n')}\n`).join('')
    expect(readHistory(text)).to.deep.equal(all)
  })

  it('counts the later of two lines of one run', () => {
    const later = { ...line('run-1'), phase: 'late' as const }
    expect(readHistory([all[0], all[1], later].map((one) => historyText(one as typeof later)).join(''))).to.deep.equal([
      all[1],
      later,
    ])
  })
})
