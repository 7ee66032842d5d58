import { expect } from 'chai'
import type { CopyLabel } from '../../../lib/generated/copy.js'
import type { KnownCopy } from '../../../lib/generated/slots.js'
import { best, labelOfCopy, lines } from '../../../lib/keep/best.js'
import { planOlder } from '../../../lib/keep/older-copy.js'
import { planProtection, planRelease } from '../../../lib/keep/protect.js'
import type { StandingCopy } from '../../../lib/keep/standing-type.js'
import { fromText } from '../../../lib/text/raw-path.js'

/** A copy of day `day`, in a section, or in the store where no number is given. */
function copy(
  day: number,
  section: number | undefined,
  verdict: CopyLabel['verdict'],
  more: { identity?: string; opened?: boolean; slot?: string } = {},
): StandingCopy {
  const label = {
    slot: more.slot ?? 'bob',
    run: `run-${String(day)}`,
    madeAt: `2026-01-${String(day).padStart(2, '0')}T03:00:00.000Z`,
    verdict,
    identity: more.identity ?? null,
  } as CopyLabel
  const known: KnownCopy = {
    label,
    place: section === undefined ? { generation: label.run } : { section: { inode: 100 + section, born: 0 } },
    ...(more.opened === true ? { opened: { noticedAt: label.madeAt, since: label.madeAt, member: 'bands/0' } } : {}),
  }
  const image = fromText(`/${String(section ?? 'store')}/${String(day)}`)
  return {
    known,
    image,
    manifestFolder: image,
    ...(section === undefined
      ? {}
      : { section: { number: section, path: image, kind: 'folder', inode: 100 + section } }),
  }
}

const images = (copies: readonly StandingCopy[]): string[] => copies.map(({ image }) => image)

describe('the newest good copy', () => {
  it('is the newest proven one that nobody opened, else the newest of right structure, else the newest there is', () => {
    const of = (...copies: StandingCopy[]): string | undefined => best(copies.map(({ known }) => known))?.label.run
    expect(of(copy(1, 2, 'proven'), copy(2, 1, 'complete'), copy(3, 0, 'suspect'))).to.equal('run-1')
    expect(of(copy(1, 2, 'proven', { opened: true }), copy(2, 1, 'complete'), copy(3, 0, 'suspect'))).to.equal('run-2')
    expect(of(copy(1, 2, 'suspect'), copy(2, 1, 'suspect'), copy(3, 0, 'bad'))).to.equal('run-2')
    expect(of(copy(1, 2, 'suspect'), copy(3, 0, 'bad'))).to.equal('run-1')
    expect(of(copy(3, 0, 'bad'))).to.equal('run-3')
    expect(of(copy(3, 0, 'not-backed-up'))).to.equal(undefined)
  })

  it('is looked for in each image that was ever in the slot; a copy without identity may be of any', () => {
    const all = [
      copy(1, 3, 'complete'),
      copy(2, 2, 'proven', { identity: 'a' }),
      copy(3, 1, 'proven', { identity: 'b' }),
    ]
    expect(lines(all.map(({ known }) => known)).map((line) => line.map(({ label }) => label.run))).to.deep.equal([
      ['run-1', 'run-2'],
      ['run-1', 'run-3'],
    ])
  })
})

describe('the label of a copy that is made of another', () => {
  it('never says more than is known: proven needs a manifest that vouches, and nobody who opened it', () => {
    const of = (one: StandingCopy): unknown => labelOfCopy(one.known).verdict
    const vouched = copy(1, 0, 'proven')
    const digests = { mtree: 'a'.repeat(64), fingerprints: 'b'.repeat(64) }
    const withManifest = {
      ...vouched,
      known: { ...vouched.known, label: { ...vouched.known.label, manifest: digests } },
    }
    expect(of(withManifest)).to.equal('proven')
    const without = { ...vouched, known: { ...vouched.known, label: { ...vouched.known.label, manifest: null } } }
    expect(of(without)).to.equal('complete')
    expect(of(copy(1, 0, 'proven', { opened: true }))).to.equal('suspect')
    expect(of(copy(1, 0, 'bad', { opened: true }))).to.equal('bad')
    expect(labelOfCopy(copy(1, 0, 'proven', { opened: true }).known).manifest).to.equal(null)
  })
})

describe('protecting', () => {
  it('takes what rotates away only where it is the last of the best', () => {
    expect(images(planProtection([copy(1, 1, 'proven'), copy(2, 0, 'suspect')], 2))).to.deep.equal(['/1/1'])
    expect(planProtection([copy(1, 1, 'proven'), copy(2, 0, 'proven')], 2)).to.deep.equal([])
    expect(planProtection([copy(1, 1, 'proven'), copy(1, undefined, 'proven')], 2)).to.deep.equal([])
    expect(planProtection([copy(1, 1, 'proven'), copy(1, 0, 'proven')], 2)).to.deep.equal([])
    expect(images(planProtection([copy(1, 0, 'proven')], 1))).to.deep.equal(['/0/1'])
    expect(planProtection([copy(1, 5, 'proven')], 8)).to.deep.equal([])
    // The same data in a section that stays, but opened for writing there: it is not the same any more.
    expect(images(planProtection([copy(1, 1, 'proven'), copy(1, 0, 'proven', { opened: true })], 2))).to.deep.equal([
      '/1/1',
    ])
  })

  it('takes the best of each image that was in the slot, and of each slot', () => {
    const all = [copy(1, 1, 'proven', { identity: 'a' }), copy(2, 0, 'proven', { identity: 'b' })]
    expect(images(planProtection([...all, copy(1, 1, 'complete', { slot: 'eve' })], 2))).to.deep.equal(['/1/1', '/1/1'])
  })

  it('releases a kept copy only for a newer one of the same image that is at least as good and stays', () => {
    const kept = copy(1, undefined, 'proven', { identity: 'a' })
    const release = (...others: StandingCopy[]): number => planRelease([kept, ...others], 2).length
    expect(release(copy(2, 0, 'proven', { identity: 'a' }))).to.equal(1)
    expect(release(copy(2, 1, 'proven', { identity: 'a' })), 'rotates away').to.equal(0)
    expect(release(copy(2, 0, 'complete', { identity: 'a' })), 'worse').to.equal(0)
    expect(release(copy(2, 0, 'proven', { identity: 'b' })), 'another image').to.equal(0)
    expect(release(copy(2, 0, 'proven', { identity: 'a', opened: true })), 'opened').to.equal(0)
    expect(release(copy(1, 0, 'proven', { identity: 'a' })), 'the same one').to.equal(0)
  })
})

describe('keeping an older copy', () => {
  const plan = (state: 'absent' | 'bad' | 'fair', ...copies: StandingCopy[]): string => {
    const found = planOlder({ state, identity: 'a' }, copies)
    return found.kind === 'place' ? `${found.copy.image}${found.setAside ? ' for the bad one' : ''}` : found.kind
  }

  it('puts the best one in the place of a missing or bad one, and nothing in the place of a fair one', () => {
    const good = copy(1, 2, 'proven', { identity: 'a' })
    expect(plan('fair', good)).to.equal('nothing')
    expect(plan('absent', good, copy(2, 1, 'complete', { identity: 'a' }))).to.equal('/2/1')
    expect(plan('bad', good, copy(2, 1, 'complete', { identity: 'a' }))).to.equal('/2/1 for the bad one')
    expect(
      plan('absent', copy(1, undefined, 'proven'), copy(1, 2, 'proven')),
      'a section needs no second copy',
    ).to.equal('/2/1')
  })

  it('leaves a bad one where nothing better is known, and never puts another image over it', () => {
    expect(plan('bad')).to.equal('unproven')
    expect(plan('bad', copy(1, 1, 'suspect', { identity: 'a' }))).to.equal('unproven')
    expect(plan('bad', copy(1, 1, 'proven', { identity: 'b' }))).to.equal('unproven')
    expect(plan('absent', copy(1, 1, 'proven', { identity: 'b' }))).to.equal('/1/1')
    expect(plan('absent', copy(1, 1, 'suspect'))).to.equal('/1/1')
    expect(plan('absent')).to.equal('nothing')
  })
})
