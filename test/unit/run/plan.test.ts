import { expect } from 'chai'
import type { SlotStatus } from '../../../lib/generated/status.js'
import type { Decision } from '../../../lib/policy/policy-type.js'
import type { Observed } from '../../../lib/run/observed.js'
import { ownerName } from '../../../lib/run/owner-name.js'
import { fewerImages, noteFindings } from '../../../lib/run/search-findings.js'
import { waiting, withoutWaiting } from '../../../lib/run/wait.js'
import { places, wishes } from '../../../lib/run/wishes.js'
import type { FileVaultAccount } from '../../../lib/session/session.js'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'

const path = (text: string): RawPath => fromText(text)
const observed = (where: string, mountPoints: readonly string[] = []): Observed =>
  ({
    image: { path: path(where), root: path('/Users'), container: 'sparse-bundle', slot: where, ownerUid: 501 },
    usage: { state: 'detached', evidence: ['x'], usedBy: ['bob'], mountPoints: mountPoints.map(path) },
    user: 'bob',
    copyPath: path(where.slice(1)),
  }) as unknown as Observed
const decided = (where: string, action: Decision['action'], more: Partial<Decision> = {}): [RawPath, Decision] => [
  path(where),
  { slot: where, path: path(where), action, code: 'at-rest', reason: 'because', ...more },
]
const bob: FileVaultAccount = {
  user: 'bob',
  home: path('/Users/bob'),
  hiddenHome: path('/Users/.bob'),
  imageName: path('bob.sparsebundle'),
  source: 'folder',
}

describe('what rsync is to see', () => {
  it('gives a FileVault home standing rules whatever its state is', () => {
    const home = '/Users/bob/bob.sparsebundle'
    const hidden = '/Users/.bob/bob.sparsebundle'
    expect(wishes([observed(home)], new Map([decided(home, 'copy')]), [bob], [])).to.deep.include.members([
      {
        kind: 'filevault-home',
        home: bob.home,
        hiddenHome: bob.hiddenHome,
        imageName: bob.imageName,
        container: 'sparse-bundle',
        lies: 'home',
        copy: 'image',
      },
    ])
    const [wish] = wishes([observed(hidden)], new Map([decided(hidden, 'copy-and-prove')]), [bob], [])
    expect(wish).to.include({ kind: 'filevault-home', lies: 'hidden-home', copy: 'image' })
    expect(wishes([], new Map(), [bob], [])[0]).to.include({ kind: 'filevault-home', copy: 'nothing' })
    expect(wishes([observed(home)], new Map([decided(home, 'halt')]), [bob], [])[0]).to.include({ copy: 'nothing' })
  })

  it('leaves out what is not copied, but never says again what the administrator already says', () => {
    const work = '/Users/alice/work.sparsebundle'
    const wish = { path: path(work), container: 'sparse-bundle' } as const
    expect(wishes([observed(work)], new Map([decided(work, 'copy')]), [], [])).to.deep.equal([
      { kind: 'copy-image', ...wish },
    ])
    expect(
      wishes([observed(work)], new Map([decided(work, 'leave-out', { code: 'own-store' })]), [], []),
    ).to.deep.equal([{ kind: 'leave-out', ...wish }])
    expect(
      wishes([observed(work)], new Map([decided(work, 'leave-out', { code: 'excluded-by-administrator' })]), [], []),
    ).to.deep.equal([])
  })

  it('keeps a mounted volume out unless its files are wanted', () => {
    const work = '/Users/alice/work.sparsebundle'
    const image = observed(work, ['/Users/alice/mounted'])
    expect(wishes([image], new Map([decided(work, 'copy-and-prove')]), [], [])).to.deep.include({
      kind: 'mount-point',
      path: path('/Users/alice/mounted'),
      copy: false,
    })
    expect(wishes([image], new Map([decided(work, 'contents')]), [], [])).to.deep.include({
      kind: 'mount-point',
      path: path('/Users/alice/mounted'),
      copy: true,
    })
  })

  it('names every image and home where only their places count', () => {
    const work = '/Users/alice/work.sparsebundle'
    expect(
      places([observed(work), observed('/Users/bob/bob.sparsebundle')], [bob]).map(({ kind }) => kind),
    ).to.deep.equal(['filevault-home', 'copy-image'])
  })
})

describe('waiting', () => {
  const now = new Date('2026-03-01T02:00:00Z')
  const later = (minutes: number): Date => new Date(now.getTime() + minutes * 60_000)

  it('ends with the first image that has waited long enough, or with the budget', () => {
    const map = new Map([
      decided('/a', 'halt', { waitMinutes: 30 }),
      decided('/b', 'halt', { waitMinutes: 10 }),
      decided('/c', 'copy'),
    ])
    const images = [observed('/a'), observed('/b'), observed('/c')]
    const [a, b] = images as [Observed, Observed, Observed]
    expect(waiting(images, map, now, later(60))).to.deep.equal({
      images: [
        { ...a, until: later(30) },
        { ...b, until: later(10) },
      ],
      since: now,
      until: later(10),
    })
    expect(waiting(images, map, now, later(20))?.images.map(({ until }) => until)).to.deep.equal([later(20), later(10)])
    expect(waiting(images, map, now, later(5))?.until).to.deep.equal(later(5))
    expect(waiting(images, map, now, now)).to.equal(undefined)
    expect(waiting(images.slice(2), map, now, later(60))).to.equal(undefined)
  })

  it('leaves nothing waiting when the budget is over, and says why', () => {
    const { waitMinutes, code, reason } = withoutWaiting(new Map([decided('/a', 'halt', { waitMinutes: 30 })]), 60).get(
      path('/a'),
    ) as Decision
    expect({ waitMinutes, code }).to.deep.equal({ waitMinutes: undefined, code: 'still-in-use' })
    expect(reason).to.contain('60 min')
  })
})

describe('what the search says of the run', () => {
  const known: SlotStatus = {
    slot: 'bob-1',
    path: '/Users/bob/b.sparsebundle',
    user: 'bob',
    lastVerdict: 'complete',
    lastAt: '2026-02-28T02:00:00Z',
    reason: '',
  }

  it('misses an image that was there last time', () => {
    expect(fewerImages(new Set(['other']), [known], false, () => true).map(({ code }) => code)).to.deep.equal([
      'image-gone',
    ])
    expect(fewerImages(new Set(['bob-1']), [known], false, () => true)).to.deep.equal([])
  })

  it('does not take no image at all for success unless that may be', () => {
    expect(fewerImages(new Set(), [], false, () => true).map(({ code }) => code)).to.deep.equal(['no-images'])
    expect(fewerImages(new Set(), [], true, () => true)).to.deep.equal([])
  })

  it('warns where an image may hide, only tells the rest, and stays short', () => {
    const notes = Array.from({ length: 25 }, (_, index) => ({
      code: 'unreadable' as const,
      path: path(`/${String(index)}`),
      message: 'm',
    }))
    const found = noteFindings({ notes: [...notes, { code: 'other-image-kind', path: path('/x'), message: 'a dmg' }] })
    expect(found.filter(({ severity }) => severity === 'warning')).to.have.length(20)
    expect(found[19]?.message).to.contain('And 5 more places')
    expect(found.at(-1)).to.include({ code: 'other-image-kind', severity: 'info' })
  })
})

describe('whose an image is', () => {
  it('asks the account, then the owner, then the folder below the root', () => {
    const image = (where: string, ownerUid: number): Parameters<typeof ownerName>[0] => ({
      path: path(where),
      root: path('/Users'),
      ownerUid,
    })
    const names = new Map([[501, 'robert']])
    expect(ownerName(image('/Users/.bob/bob.sparsebundle', 501), [bob], names)).to.equal('bob')
    expect(ownerName(image('/Users/x/w.sparsebundle', 501), [bob], names)).to.equal('robert')
    expect(ownerName(image('/Users/.carol/w.sparsebundle', 777), [], names)).to.equal('carol')
    expect(ownerName(image('/Users/w.sparsebundle', 777), [], names)).to.equal('uid 777')
  })
})
