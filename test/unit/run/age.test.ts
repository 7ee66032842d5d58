import { expect } from 'chai'
import type { ReportImage } from '../../../lib/generated/report.js'
import type { KnownCopy } from '../../../lib/generated/slots.js'
import { withAge } from '../../../lib/run/age.js'

const facts = {
  keep: { warnAfterDays: 3, errorAfterDays: 14 },
  compared: true,
  now: new Date('2026-01-20T03:00:00Z'),
}
const image = (code: string): ReportImage =>
  ({ verdict: 'not-backed-up', loudness: 'fine', reason: 'in use', decision: { code } }) as unknown as ReportImage
const made = (day: number, verdict: string): KnownCopy =>
  ({ label: { madeAt: `2026-01-${String(day).padStart(2, '0')}T03:00:00Z`, verdict } }) as unknown as KnownCopy

describe('the age of the newest good copy', () => {
  it('is nothing to shout about, then a warning, then an error', () => {
    for (const [day, loudness] of [
      [18, 'fine'],
      [16, 'warning'],
      [5, 'error'],
    ] as const) {
      const { loudness: found, reason } = withAge(image('in-use'), [made(1, 'proven'), made(day, 'proven')], facts)
      expect(found, String(day)).to.equal(loudness)
      if (loudness !== 'fine') expect(reason).to.match(/^in use; its newest good copy is \d+ days old$/)
    }
  })

  it('warns where nothing was ever proven, and says nothing of what is left out by wish', () => {
    expect(withAge(image('in-use'), [], facts)).to.include({
      loudness: 'warning',
      reason: 'in use; there is no older copy of it',
    })
    expect(withAge(image('in-use'), [made(19, 'complete')], facts).reason).to.contain('no copy of it was ever proven')
    expect(withAge(image('in-use'), [made(19, 'complete')], { ...facts, compared: false }).loudness).to.equal('fine')
    expect(withAge(image('excluded-by-administrator'), [], facts).loudness).to.equal('fine')
  })

  it('counts for an image that cannot stand in the staging folder: nobody wished that', () => {
    expect(withAge(image('not-staged'), [made(5, 'proven')], facts).loudness).to.equal('error')
  })

  it('counts from the first sight of an image of which there never was a good copy', () => {
    const suspect = { ...image('copied'), verdict: 'suspect', loudness: 'warning' } as ReportImage
    const since = (day: number): ReportImage =>
      withAge(suspect, [made(19, 'suspect')], {
        ...facts,
        firstSeenAt: new Date(`2026-01-${String(day).padStart(2, '0')}T03:00:00Z`),
      })
    expect(since(19).reason).to.equal('in use')
    expect(since(15)).to.include({ loudness: 'warning' })
    expect(since(15).reason).to.match(/no copy of it was ever proven, .* after it was seen first$/)
    expect(since(2)).to.include({ loudness: 'error' })
  })
})
