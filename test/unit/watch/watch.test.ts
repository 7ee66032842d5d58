import { expect } from 'chai'
import type { WatchLine } from '../../../lib/generated/watch.js'
import type { UsageState } from '../../../lib/mount/usage.js'
import type { RawPath } from '../../../lib/text/raw-path.js'
import type { Glance } from '../../../lib/watch/glance.js'
import type { WatchOrder } from '../../../lib/watch/order.js'
import { asking } from '../../../lib/watch/asking.js'
import { watch } from '../../../lib/watch/watch.js'

const home = '/Users/bob/bob.sparsebundle' as RawPath
const hidden = '/Users/.bob/bob.sparsebundle' as RawPath
const order = {
  images: [
    {
      slot: 'bob',
      user: 'bob',
      container: 'sparse-bundle',
      places: [home, hidden],
      device: 1,
      inode: 2,
      state: 'detached',
    },
  ],
  interval: 2,
  until: 3_600_000,
} as unknown as WatchOrder

/** What can be seen from one moment on: place of the image, its token, who uses it; or that LBackup is gone. */
interface Scene {
  readonly place?: number
  readonly token?: string
  readonly state?: UsageState
  readonly gone?: true
  /** Who asks for uses gets no answer. */
  readonly hangs?: true
  /** ctime of the only band. */
  readonly band?: number
  /** Who is logged in; null: nobody can tell. */
  readonly users?: readonly string[] | null
  readonly mounts?: string
  readonly unmounted?: true
  /** The clock jumps by so many milliseconds besides. */
  readonly jump?: number
  /** Telling what was seen takes so many milliseconds. */
  readonly slow?: number
}

/** Runs a watch that sees one scene after the other, one a look; it is called to its end after the last. */
async function seen(
  scenes: readonly Scene[],
): Promise<{ lines: WatchLine[]; waits: number[]; asked: number; stripped: number }> {
  const lines: WatchLine[] = []
  const waits: number[] = []
  let [at, clock, asked, stripped] = [0, 0, 0, 0]
  const scene = (): Scene => scenes[at] ?? {}
  await watch(
    order,
    { event: 'begin', run: 'run' },
    {
      now: () => clock,
      wait(milliseconds) {
        waits.push(milliseconds)
        at += 1
        clock += milliseconds + (scene().jump ?? 0)
        return Promise.resolve()
      },
      late: () => new Promise((resolve) => setImmediate(resolve)),
      called: () => at >= scenes.length - 1,
      lbackupLives: () => Promise.resolve(scene().gone !== true),
      glance: (): Glance => {
        const { place = 0, token = '1' } = scene()
        return place < 0 ? { place: undefined, members: new Map() } : { place, members: new Map([['token', token]]) }
      },
      uses: () => {
        asked += 1
        if (scene().hangs) return new Promise(() => undefined)
        return Promise.resolve(new Map([['bob', { state: scene().state ?? 'detached', usedBy: ['bob'] }]]))
      },
      loggedIn: () => {
        const { users = [] } = scene()
        return Promise.resolve(users === null ? undefined : new Set(users))
      },
      bands: () => Float64Array.of(0x1f),
      bandTimes: () => Float64Array.of(scene().band ?? 1),
      sourceStands: () => scene().unmounted !== true,
      mounts: () => scene().mounts ?? '',
      takeBlockOut: () => {
        stripped += 1
      },
      tell(line) {
        lines.push(line)
        clock += scene().slow ?? 0
      },
    },
  )
  return { lines, waits, asked, stripped }
}

const told = async (...scenes: readonly Scene[]): Promise<string[]> =>
  (await seen(scenes)).lines.map(({ event, detail }) => (detail === undefined ? event : `${event} ${detail}`))

describe('the watch', () => {
  const end = 'end it was asked to end'

  it('tells nothing of images that stand still', async () => {
    expect(await told({}, {}, {}, {})).to.deep.equal(['begin', end])
  })

  it('tells a login and a logout: the image moves to the other home and comes back', async () => {
    expect(await told({}, { place: 1, state: 'attached' }, { place: 1, state: 'attached' }, {}, {})).to.deep.equal([
      'begin',
      `moved to ${hidden}`,
      'attached by bob',
      `returned to ${home}`,
      'detached',
      end,
    ])
  })

  it('tells an image that moved, or was gone, before the first look', async () => {
    expect(await told({ place: 1 }, { place: 1 })).to.deep.equal(['begin', `moved to ${hidden}`, end])
    expect(await told({ place: -1 }, { place: -1 })).to.deep.equal(['begin', 'vanished', end])
  })

  it('tells an image that is at none of its places, once, and that it came back', async () => {
    expect(await told({}, { place: -1 }, { place: -1 }, {}, {})).to.deep.equal([
      'begin',
      'vanished',
      `returned to ${home}`,
      end,
    ])
  })

  it('tells which member changed, and what happened at the very last look', async () => {
    expect(await told({}, { token: '2' }, { token: '2' })).to.deep.equal(['begin', 'changed token', end])
    expect(await told({}, { token: '2' })).to.deep.equal(['begin', 'changed token', end])
    expect(await told({}, { state: 'attached' })).to.deep.equal(['begin', 'attached by bob', end])
  })

  it('goes on looking while the program that tells of uses hangs, and ends without its answer', async () => {
    const hangs = { hangs: true, state: 'attached' } as const
    expect(await told({}, { ...hangs, place: 1 }, { ...hangs, place: 1 }, hangs, { state: 'attached' })).to.deep.equal([
      'begin',
      `moved to ${hidden}`,
      `returned to ${home}`,
      end,
    ])
  })

  it('tells that it or the machine stood still, and a clock that was set back', async () => {
    expect(await told({}, { jump: 4001 }, {})).to.deep.equal(['begin', 'gap 6.0 s between two looks', end])
    expect(await told({}, { jump: 3999 }, {})).to.deep.equal(['begin', end])
    expect(await told({}, { jump: -5000 }, {})).to.deep.equal(['begin', 'gap -3.0 s between two looks', end])
    expect(await told({ slow: 4001 }, {}, {})).to.deep.equal(['begin', 'gap 6.0 s between two looks', end])
  })

  it('whose clock was set back by a day asks who uses the images as often as ever, and looks no more often', async () => {
    const scenes = Array.from({ length: 40 }, (_, at) => (at === 10 ? { jump: -86_400_000 } : {}))
    const { asked, waits } = await seen(scenes)
    expect(asked, 'when the clock was set back, once in the 58 s after it, and at the end').to.equal(3)
    expect(new Set(waits)).to.deep.equal(new Set([2000]))
    const after = await seen(scenes.map((scene, at) => (at < 8 ? scene : { ...scene, place: 1 })))
    expect(after.waits.slice(-20), 'after an event before it').to.deep.equal(Array.from({ length: 20 }, () => 2000))
  })

  it('tells a band that changed after it was seen, and one that is gone', async () => {
    expect(await told({}, {}, { band: 2 }, { band: 2 }, { band: -1 }, {})).to.deep.equal([
      'begin',
      'changed bands/1f',
      'changed bands/1f',
      'changed bands/1f',
      end,
    ])
  })

  it('asks anew where something happens while a question is open', async () => {
    let [at, answer] = [0, (): void => undefined]
    const uses: UsageState[] = []
    const questions = asking(order.images, {
      now: () => at,
      loggedIn: () => Promise.resolve(undefined),
      uses: () =>
        new Promise((resolve) => {
          const state = uses.length === 0 ? 'detached' : 'attached'
          uses.push(state)
          answer = () => resolve(new Map([['bob', { state, usedBy: [] }]]))
        }),
    })
    questions.ask()
    at = 1
    questions.ask()
    const answered = questions.asking()
    answer()
    await new Promise((resolve) => setImmediate(resolve))
    answer()
    await answered
    expect(questions.news().map(({ event }) => event)).to.deep.equal(['attached'])
  })

  it('tells no more of bands that change all night than is worth reading', async () => {
    const lines = await told(...Array.from({ length: 300 }, (_, at) => ({ band: at + 1 })), { band: 300, place: 1 })
    expect(lines.filter((line) => line.startsWith('changed'))).to.have.length(200)
    expect(lines.slice(-2)).to.deep.equal([`moved to ${hidden}`, end])
  })

  it('tells once that what is copied is no longer mounted', async () => {
    expect(await told({}, { unmounted: true }, {}, { unmounted: true }, {})).to.deep.equal([
      'begin',
      'snapshot-lost',
      end,
    ])
  })

  it('tells logins and logouts of an image’s user by name, from the first answer on', async () => {
    const others = { users: ['alice'], mounts: '1' }
    const both = { users: ['alice', 'bob'], mounts: '2' }
    expect(await told(others, others, both, both, others, others)).to.deep.equal([
      'begin',
      'login bob',
      'logout bob',
      end,
    ])
    expect(await told(others, { users: null, mounts: '3' }, both, both)).to.deep.equal(['begin', 'login bob', end])
    expect(await told(both, both, both)).to.deep.equal(['begin', end])
  })

  it('asks who uses the images when something is mounted', async () => {
    expect((await seen([{}, {}, {}])).asked, 'at the end').to.equal(1)
    expect((await seen([{}, { mounts: '1' }, { mounts: '1' }, {}, {}])).asked).to.equal(3)
  })

  it('takes the block out of the excludes file where no post-backup hook will come, and only there', async () => {
    expect((await seen([{}, {}])).stripped).to.equal(0)
    expect((await seen([{}, { gone: true }, {}, {}])).stripped).to.equal(1)
    expect((await seen([{}, { jump: 3_600_000 }, {}, {}])).stripped).to.equal(1)
  })

  it('ends when LBackup is gone, and when its time is over', async () => {
    expect(await told({}, { gone: true }, {}, {})).to.deep.equal(['begin', 'end LBackup is gone'])
    const over = await told({}, { jump: 3_600_000 }, {}, {})
    expect(over.at(-1)).to.equal('end its time was over')
  })

  it('looks more often for a while after an event, and asks who uses the images then and twice a minute', async () => {
    const quiet = await seen(Array.from({ length: 40 }, () => ({})))
    expect(new Set(quiet.waits)).to.deep.equal(new Set([2000]))
    expect(quiet.asked, 'in 78 s twice, and at the end').to.equal(3)
    const scenes = Array.from({ length: 40 }, (_, at) => (at < 3 ? {} : { place: 1 }))
    const { waits, asked } = await seen(scenes)
    expect(waits.slice(0, 6)).to.deep.equal([2000, 2000, 2000, 500, 500, 500])
    expect(waits.at(-1)).to.equal(2000)
    expect(asked).to.be.above(2)
  })
})
