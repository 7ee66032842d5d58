import { expect } from 'chai'
import type { CopyLabel } from '../../../lib/generated/copy.js'
import type { StandingCopy } from '../../../lib/keep/standing-type.js'
import { planSeeds, type Wanted } from '../../../lib/seed/plan.js'
import { fromText } from '../../../lib/text/raw-path.js'

const digests = { mtree: 'a'.repeat(64), fingerprints: 'b'.repeat(64) }

/** A proven copy of bob's image of day `day`, in a section, or in the store where no number is given. */
function copy(day: number, section: number | undefined, label: Partial<CopyLabel> = {}, opened = false): StandingCopy {
  const image = fromText(`/${String(section ?? 'store')}/${String(day)}`)
  const madeAt = `2026-01-${String(day).padStart(2, '0')}T03:00:00.000Z`
  const full = {
    slot: 'bob',
    madeAt,
    verdict: 'proven',
    identity: 'uuid:1',
    ownerUid: 501,
    container: 'sparse-bundle',
    path: '/Users/bob/bob.sparsebundle',
    copyPath: 'Users/bob/bob.sparsebundle',
    manifest: digests,
    ...label,
  } as CopyLabel
  return {
    known: {
      label: full,
      place: {},
      ...(opened ? { opened: { noticedAt: madeAt, since: madeAt, member: 'bands/0' } } : {}),
    },
    image,
    manifestFolder: image,
    ...(section === undefined ? {} : { section: { number: section, path: image, kind: 'folder', inode: section } }),
  }
}

const wanted: Wanted = {
  slot: 'bob',
  copyPath: fromText('Users/.bob/bob.sparsebundle'),
  identity: 'uuid:1',
  ownerUid: 501,
  container: 'sparse-bundle',
}
const seedOf = (
  copies: readonly StandingCopy[],
  image: Partial<Wanted> = {},
  others: readonly Wanted[] = [],
): string | undefined => planSeeds([{ ...wanted, ...image }, ...others], copies)[0]?.copy.image

describe('which copy an image is linked from', () => {
  it('is the newest proven one, in Section.0 before elsewhere', () => {
    expect(seedOf([copy(1, 1), copy(2, 0)])).to.equal('/0/2')
    expect(seedOf([copy(2, 1), copy(1, 0)])).to.equal('/1/2')
    expect(seedOf([copy(2, undefined), copy(2, 3), copy(2, 0)])).to.equal('/0/2')
    expect(seedOf([copy(2, undefined)])).to.equal('/store/2')
  })

  it('is never one that was not proven, or that somebody opened', () => {
    for (const verdict of ['complete', 'suspect', 'bad'] as const)
      expect(seedOf([copy(1, 0, { verdict })])).to.equal(undefined)
    expect(seedOf([copy(1, 0, { manifest: null })])).to.equal(undefined)
    expect(seedOf([copy(1, 0, {}, true)])).to.equal(undefined)
  })

  it('is none where a copy of whatever worth lies at tonight’s path already', () => {
    const copyPath = 'Users/.bob/bob.sparsebundle'
    expect(seedOf([copy(1, 1), copy(2, 0, { copyPath, verdict: 'suspect' })])).to.equal(undefined)
    // Of an older section rsync makes no use.
    expect(seedOf([copy(1, 1, { copyPath })])).to.equal('/1/1')
  })

  it('is one of the same image in another slot, as when its user got another name', () => {
    const robert = { slot: 'robert', copyPath: fromText('Users/robert/robert.sparsebundle') }
    expect(seedOf([copy(1, 0)], robert)).to.equal('/0/1')
    expect(seedOf([copy(1, 0, { ownerUid: 502 })], robert), 'of another user').to.equal(undefined)
    expect(seedOf([copy(1, 0, { container: 'sparse-image' })], robert)).to.equal(undefined)
  })

  it('is the newest of the same image, be it of where it is no more, before one that is still there besides', () => {
    const other = { slot: 'other' }
    expect(seedOf([copy(3, 0, other), copy(2, 1)])).to.equal('/0/3')
    const there = { ...wanted, ...other, copyPath: fromText('Users/carol/bob.sparsebundle') }
    expect(seedOf([copy(3, 0, other), copy(2, 1)], {}, [there])).to.equal('/1/2')
    expect(seedOf([copy(3, 0, other)], {}, [there])).to.equal('/0/3')
    expect(
      seedOf([copy(3, 0, { identity: 'uuid:2' }), copy(2, 1, other)], {}, [there]),
      'before what may be it',
    ).to.equal('/1/2')
    expect(seedOf([copy(3, 0, { identity: 'uuid:2' })])).to.equal('/0/3')
  })

  it('is, where no identity is the same, one of the same name whose own image is gone', () => {
    const moved = { slot: 'moved', copyPath: fromText('Homes/bob/bob.sparsebundle'), identity: 'file:2' }
    const left = copy(1, 0, { identity: 'file:1' })
    expect(seedOf([left], moved)).to.equal('/0/1')
    expect(seedOf([left], { ...moved, copyPath: fromText('Homes/bob/work.sparsebundle') })).to.equal(undefined)
    expect(seedOf([left], moved, [{ ...wanted, copyPath: fromText('Users/bob/bob.sparsebundle') }])).to.equal(undefined)
  })

  it('is none for an image that is itself the source', () => {
    expect(seedOf([copy(1, 0)], { copyPath: fromText('') })).to.equal(undefined)
  })
})
