import { expect } from 'chai'
import { planStaging } from '../../../lib/staging/plan.js'
import type { Abilities, StagedEntry, StagingPlan, Wanted, WantedImage } from '../../../lib/staging/staging-type.js'
import { fromText } from '../../../lib/text/raw-path.js'

const all: Abilities = { snapshot: true, clone: true, hardLink: true }
const none: Abilities = { snapshot: 'no snapshots', clone: 'no clones', hardLink: 'not asked for' }

const image = (more: Partial<WantedImage> = {}): WantedImage => ({
  slot: 'bob-1',
  name: fromText('bob.sparsebundle'),
  path: fromText('/Users/bob/bob.sparsebundle'),
  container: 'sparse-bundle',
  inode: 1,
  members: 5,
  bytes: 5,
  ownerUid: 501,
  identity: 'uuid:1',
  atRest: true,
  live: 'as now',
  can: all,
  ...more,
})

const entry = (more: Partial<StagedEntry> = {}): StagedEntry => ({
  name: 'bob-1',
  kind: 'clone',
  standing: true,
  path: '/Users/bob/bob.sparsebundle',
  image: 'bob.sparsebundle',
  identity: 'uuid:1',
  live: 'as now',
  takenAt: '2026-01-01T18:02:00Z',
  atRestSince: '2026-01-01T18:02:00Z',
  kept: true,
  ...more,
})

const plan = (wanted: Partial<Wanted>, actual: readonly StagedEntry[] = []): StagingPlan =>
  planStaging({ images: [], folders: [], asFrozen: new Set(), spare: new Set(), ...wanted }, actual)

/** The steps as short words. */
const words = ({ steps }: StagingPlan): string[] =>
  steps.map((step) => {
    if (step.do === 'remove') return `remove ${step.name}`
    if (step.do === 'bind') return `bind ${step.folder.name}`
    if (step.do === 'take') return `${step.making.kind} ${step.making.image.slot}`
    return `snapshot ${step.making.map(({ image: { slot } }) => slot).join()}`
  })

describe('the plan of a staging folder', () => {
  it('clones an image at rest, takes a snapshot of one in use, and one snapshot for all', () => {
    const busy = image({ slot: 'eve-1', atRest: false })
    expect(words(plan({ images: [image(), busy, { ...busy, slot: 'zoe-1' }] }))).to.deep.equal([
      'snapshot eve-1,zoe-1',
      'clone bob-1',
    ])
  })

  it('takes hard links only where nothing else is possible, and never of an image in use', () => {
    const links: Abilities = { ...none, hardLink: true }
    expect(words(plan({ images: [image({ can: links })] }))).to.deep.equal(['hard-link bob-1'])
    const busy = plan({ images: [image({ can: links, atRest: false })] })
    expect(words(busy)).to.deep.equal([])
    expect(busy.refused.get('bob-1')).to.equal('no snapshots; no clones')
  })

  it('says why where nothing is possible, each reason once', () => {
    const { steps, refused } = plan({ images: [image({ can: none })] })
    expect(steps).to.deep.equal([])
    expect([...refused]).to.deep.equal([['bob-1', 'no clones; no snapshots; not asked for']])
    expect(plan({ images: [image({ can: { ...none, snapshot: 'no clones' } })] }).refused.get('bob-1')).to.equal(
      'no clones; not asked for',
    )
  })

  it('leaves what is frozen and still as the image is', () => {
    expect(words(plan({ images: [image()] }, [entry()]))).to.deep.equal([])
    const still = { images: [image()] }
    for (const other of [
      { live: 'as then' },
      { identity: 'uuid:2' },
      { image: 'rob.sparsebundle' },
    ] satisfies Partial<StagedEntry>[])
      expect(words(plan(still, [entry(other)])), JSON.stringify(other)).to.deep.equal(['clone bob-1'])
    const unsure = { ...entry() }
    delete (unsure as { atRestSince?: string }).atRestSince
    expect(words(plan(still, [unsure])), 'never known to be at rest').to.deep.equal(['clone bob-1'])
    expect(words(plan({ images: [image({ atRest: false })] }, [entry()])), 'in use').to.deep.equal(['snapshot bob-1'])
  })

  it('removes first, and all of which nothing is wanted', () => {
    const left = entry({ name: 'eve-1', kept: false })
    const torn = entry({ standing: false })
    const kept = entry({ name: 'gone-1' })
    expect(words(plan({ images: [image()] }, [left, torn, kept]))).to.deep.equal([
      'remove eve-1',
      'remove bob-1',
      'remove gone-1',
      'clone bob-1',
    ])
  })

  it('leaves what is frozen of an image that cannot be frozen anew', () => {
    const changed = plan({ images: [image({ can: none, live: 'as later' })] }, [entry()])
    expect([words(changed), [...changed.refused.keys()]]).to.deep.equal([[], ['bob-1']])
    const still = plan({ images: [image({ can: none })] }, [entry()])
    expect([words(still), [...still.refused]], 'nor needs to be').to.deep.equal([[], []])
  })

  it('takes the largest image last, so that it makes no other late', () => {
    const images = [image({ slot: 'eve-1', members: 9 }), image({ slot: 'zoe-1', bytes: 6 }), image()]
    expect(words(plan({ images }))).to.deep.equal(['clone bob-1', 'clone zoe-1', 'clone eve-1'])
  })

  it('leaves what is asked for as it was frozen, and what is spared', () => {
    expect(words(plan({ asFrozen: new Set(['bob-1']) }, [entry()]))).to.deep.equal([])
    expect(words(plan({ spare: new Set(['bob-1']) }, [entry()]))).to.deep.equal([])
    expect(words(plan({ spare: new Set(['bob-1']) }, [entry({ kept: false })]))).to.deep.equal(['remove bob-1'])
    expect(words(plan({ spare: 'all' }, [entry({ kept: false })]))).to.deep.equal([])
    expect(words(plan({ spare: 'all' }, [entry({ standing: false })]))).to.deep.equal(['remove bob-1'])
    expect(words(plan({ asFrozen: new Set(['bob-1']) }, [entry({ standing: false })]))).to.deep.equal(['remove bob-1'])
  })

  it('binds plain folders anew each time, and says which it cannot', () => {
    const bound = entry({ name: 'alice', kind: 'bind', kept: false })
    const folder = { name: fromText('alice'), path: fromText('/home/alice'), can: true } as const
    expect(words(plan({ folders: [folder] }, [bound]))).to.deep.equal(['remove alice', 'bind alice'])
    const refused = plan({ folders: [{ ...folder, can: 'no such folder' }] })
    expect([words(refused), [...refused.refused]]).to.deep.equal([[], [['alice', 'no such folder']]])
  })
})
