import { expect } from 'chai'
import type { FoundImage, Known, KnownImage } from '../../../lib/daemon/known.js'
import { knownFrom, seenOf } from '../../../lib/daemon/known.js'
import { seePlaces, type PlaceLook } from '../../../lib/daemon/places.js'
import { settle, type Found } from '../../../lib/daemon/settle.js'
import { seeUses } from '../../../lib/daemon/uses.js'
import type { RawPath } from '../../../lib/text/raw-path.js'

const root = '/Users' as RawPath
const identity = { device: 1, inode: 2 }

const found = (name: string, inode: number, path = `/Users/${name}/${name}.sparsebundle`): FoundImage => ({
  slot: name,
  user: name,
  container: 'sparse-bundle',
  places: [path as RawPath],
  device: 1,
  inode,
  state: 'unknown',
  root,
})
const search = (images: readonly FoundImage[], at: typeof identity | undefined = identity): Found => ({
  images,
  roots: new Map([[root, at]]),
  milliseconds: 1,
})
const begun = (...images: FoundImage[]): Known => settle(knownFrom([root], undefined), search(images), true).known
const look = (lies: (image: KnownImage) => string | undefined, rest: Partial<PlaceLook> = {}): PlaceLook => ({
  root: () => identity,
  lies: (image) => lies(image) as RawPath | undefined,
  searching: () => false,
  volumeStands: () => true,
  ...rest,
})
const words = ({ told }: Pick<ReturnType<typeof settle>, 'told'>): string[] =>
  told.map(({ event, slot, path }) => `${event} ${slot ?? ''} ${path ?? ''}`)

describe('what the daemon knows', () => {
  it('begins without news, and tells of an image nobody knew', () => {
    const step = settle(begun(found('bob', 10)), search([found('bob', 10), found('eve', 11)]), false)
    expect(words(step)).to.deep.equal(['appeared eve /Users/eve/eve.sparsebundle'])
  })

  it('follows an image to another home and slot by its inode, and two that changed places', () => {
    const renamed = settle(begun(found('bob', 10)), search([found('robert', 10)]), false)
    expect(words(renamed)).to.deep.equal(['moved robert /Users/robert/robert.sparsebundle'])
    expect(renamed.known.images).to.have.length(1)
    const swapped = settle(begun(found('a', 1), found('b', 2)), search([found('a', 2), found('b', 1)]), false)
    expect(words(swapped)).to.deep.equal(['moved a /Users/a/a.sparsebundle', 'moved b /Users/b/b.sparsebundle'])
  })

  it('tells that another image lies at the place of one, of whose use nothing is known', () => {
    const before = seeUses(begun(found('bob', 10)), new Map([['bob', { state: 'attached', usedBy: [] }]])).known
    const step = settle(before, search([found('bob', 11)]), false)
    expect(words(step)).to.deep.equal(['replaced bob /Users/bob/bob.sparsebundle'])
    expect(step.known.images[0]).to.include({ state: 'unknown', inode: 11 })
  })

  it('tells at the second look what lies nowhere, once, and forgets it with the next search', () => {
    const gone = look(() => undefined)
    const first = seePlaces(begun(found('bob', 10)), gone)
    expect([words(first), first.search]).to.deep.equal([[], true])
    const second = seePlaces(first.known, gone)
    expect(words(second)).to.deep.equal(['vanished bob /Users/bob/bob.sparsebundle'])
    expect(words(seePlaces(second.known, gone))).to.deep.equal([])
    expect(settle(second.known, search([]), false).known.images).to.deep.equal([])
    expect(settle(first.known, search([]), false).known.images).to.have.length(1)
  })

  it('waits for a search before it says that an image is gone, and tells one that came back', () => {
    const first = seePlaces(
      begun(found('bob', 10)),
      look(() => undefined),
    )
    const waits = seePlaces(
      first.known,
      look(() => undefined, { searching: () => true }),
    )
    expect(words(waits)).to.deep.equal([])
    const back = look(({ path }) => path)
    expect(words(seePlaces(waits.known, back))).to.deep.equal([])
    const vanished = seePlaces(
      waits.known,
      look(() => undefined),
    ).known
    expect(words(seePlaces(vanished, back))).to.deep.equal(['returned bob /Users/bob/bob.sparsebundle'])
  })

  it('says of an image on a volume that is gone that it was unmounted, and keeps it', () => {
    const away = look(() => undefined, { volumeStands: () => false })
    const second = seePlaces(seePlaces(begun(found('bob', 10)), away).known, away)
    expect(words(second)).to.deep.equal(['unmounted bob /Users/bob/bob.sparsebundle'])
    expect(settle(second.known, search([]), false).known.images).to.have.length(1)
  })

  it('says nothing of images below a root that is gone or another, until images are found below it again', () => {
    const all = [found('a', 1), found('b', 2)]
    for (const now of [undefined, { device: 9, inode: 9 }]) {
      const gone = look(() => undefined, { root: () => now })
      const lost = seePlaces(begun(...all), gone)
      expect(words(lost)).to.deep.equal(['root-lost  /Users'])
      expect(lost.search).to.equal(now !== undefined)
      const still = seePlaces(seePlaces(lost.known, gone).known, gone)
      expect(words(still)).to.deep.equal([])
      const empty = settle(still.known, search([], now), false)
      expect(words(empty)).to.deep.equal([])
      const other = { device: 5, inode: 5 }
      const back = settle(
        empty.known,
        search(
          all.map((one) => ({ ...one, device: 5 })),
          other,
        ),
        false,
      )
      expect(words(back)).to.deep.equal(['root-back  /Users'])
      expect(back.known.images.map(({ lies, device }) => [lies, device])).to.deep.equal([
        ['there', 5],
        ['there', 5],
      ])
    }
  })

  it('begins with what an earlier daemon saw, whatever the devices are called now', () => {
    const used = seeUses(begun(found('bob', 10)), new Map([['bob', { state: 'attached', usedBy: [] }]])).known
    const seen = seenOf({ ...used, users: new Set(['bob', 'somebody']) }, '2026-01-01T00:00:00Z')
    expect(seen.users).to.deep.equal(['bob'])
    const known = knownFrom([root], seen)
    const step = settle(known, search([{ ...found('robert', 10), device: 77 }]), false)
    expect(words(step)).to.deep.equal(['moved robert /Users/robert/robert.sparsebundle'])
    const detached = seeUses(step.known, new Map([['robert', { state: 'detached', usedBy: [] }]]))
    expect(words(detached)).to.deep.equal(['detached robert /Users/robert/robert.sparsebundle'])
    expect(detached.rested).to.deep.equal(['robert'])
    expect(words(settle(known, search([], undefined), false))).to.deep.equal(['root-lost  /Users'])
  })

  describe('after a start, of homes on volumes of their own, whose images have equal inodes', () => {
    const homes = (one: string, other: string): FoundImage[] => [
      { ...found(one, 10), device: 1 },
      { ...found(other, 10), device: 2 },
    ]
    const states = ({ images }: Known): string[] => images.map(({ slot, state }) => `${slot} ${state}`)
    /** As the next daemon begins: alice's was attached, bob's was not. */
    const restarted = (): Known => {
      const used = new Map([
        ['alice', { state: 'attached', usedBy: [] }],
        ['bob', { state: 'detached', usedBy: [] }],
      ] as const)
      return knownFrom([root], seenOf(seeUses(begun(...homes('alice', 'bob')), used).known, '2026-01-01T00:00:00Z'))
    }

    it('takes none for another, in whatever order they are found', () => {
      for (const images of [homes('alice', 'bob'), homes('bob', 'alice')]) {
        const step = settle(restarted(), search(images), false)
        expect(words(step)).to.deep.equal([])
        expect(states(step.known)).to.have.members(['alice attached', 'bob detached'])
      }
    })

    it('follows one that moved meanwhile, where it can only be that one', () => {
      const step = settle(restarted(), search(homes('robert', 'bob')), false)
      expect(words(step)).to.deep.equal(['moved robert /Users/robert/robert.sparsebundle'])
      expect(states(step.known)).to.have.members(['robert attached', 'bob detached'])
    })

    it('says nothing of moves where it may be one or the other', () => {
      const step = settle(restarted(), search(homes('robert', 'carol')), false)
      expect(words(step)).to.deep.equal([
        'appeared robert /Users/robert/robert.sparsebundle',
        'appeared carol /Users/carol/carol.sparsebundle',
      ])
      expect(states(step.known)).to.include.members(['robert unknown', 'carol unknown'])
    })
  })

  it('keeps no more than a thousand images of volumes that come and go', () => {
    let known = begun()
    const away = look(() => undefined, { volumeStands: () => false })
    for (let at = 0; at < 1100; at += 1) {
      known = settle(known, search([found(`image-${String(at)}`, 100 + at)]), false).known
      known = seePlaces(seePlaces(known, away).known, away).known
    }
    expect(known.images.length).to.be.at.most(1001)
  }).timeout(20_000)
})
