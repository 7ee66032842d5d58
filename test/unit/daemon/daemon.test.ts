import { expect } from 'chai'
import { daemon } from '../../../lib/daemon/daemon.js'
import type { DaemonEyes } from '../../../lib/daemon/daemon-type.js'
import type { Freeze } from '../../../lib/daemon/freezing.js'
import type { FoundImage } from '../../../lib/daemon/known.js'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import type { DaemonLine } from '../../../lib/generated/daemon.js'
import type { DaemonSeen } from '../../../lib/generated/seen.js'
import type { UsageState } from '../../../lib/mount/usage.js'
import type { RawPath } from '../../../lib/text/raw-path.js'

const [root, home, hidden] = ['/Users', '/Users/bob/bob.sparsebundle', '/Users/.bob/bob.sparsebundle'] as RawPath[]
const bob: FoundImage = {
  slot: 'bob',
  user: 'bob',
  container: 'sparse-bundle',
  places: [home as RawPath, hidden as RawPath],
  device: 1,
  inode: 2,
  state: 'unknown',
  root: root as RawPath,
}

/** What can be seen during one look. */
interface Scene {
  readonly place?: number
  readonly state?: UsageState
  readonly users?: readonly string[]
  /** Who asks for uses gets no answer. */
  readonly hangs?: true
  /** What comes of asking for uses. */
  readonly bug?: () => Promise<never>
  readonly backup?: true
  /** The clock jumps by so many milliseconds besides. */
  readonly jump?: number
}

/** Runs a daemon that sees one scene after the other, one a look; it is called to its end after the last. */
async function seen(scenes: readonly Scene[], freeze?: Freeze, before?: DaemonSeen) {
  const lines: DaemonLine[] = []
  const remembered: DaemonSeen[] = []
  const waits: number[] = []
  const asked = { uses: 0, finds: 0 }
  let [at, clock] = [0, 1_000_000_000_000]
  const scene = (): Scene => scenes[Math.min(at, scenes.length - 1)] ?? {}
  const eyes: DaemonEyes = {
    now: () => clock,
    async wait(milliseconds) {
      waits.push(milliseconds)
      at += 1
      clock += 5000 + (scene().jump ?? 0)
      // A freeze that goes on has its turn.
      await new Promise((resolve) => setImmediate(resolve))
    },
    late: () => new Promise((resolve) => setTimeout(resolve, 5)),
    called: () => (at >= scenes.length ? 'the end' : undefined),
    backupRuns: () => Promise.resolve(scene().backup === true),
    find: () => {
      asked.finds += 1
      return Promise.resolve({ images: [bob], roots: new Map([[bob.root, { device: 1, inode: 1 }]]), milliseconds: 1 })
    },
    glance: () => ({ place: scene().place ?? 0, members: new Map() }),
    root: () => ({ device: 1, inode: 1 }),
    volumeStands: () => true,
    mounts: () => '',
    folders: () => 'same',
    uses: () => {
      asked.uses += 1
      const { bug } = scene()
      if (bug !== undefined) return bug()
      if (scene().hangs === true) return new Promise(() => undefined)
      return Promise.resolve(new Map([['bob', { state: scene().state ?? 'detached', usedBy: ['bob'] }]]))
    },
    loggedIn: () => Promise.resolve(new Set(scene().users ?? [])),
    listen: () => undefined,
    tell: (told) => void lines.push(...told),
    remember: (document) => void remembered.push(document),
    freeze,
  }
  await daemon({ roots: [bob.root], seen: before, interval: 5, searchMinutes: 15 }, eyes)
  return { lines, remembered, waits, asked, events: lines.map(({ event }) => event).slice(1, -1) }
}

const login: Scene = { place: 1, state: 'attached', users: ['bob'] }
const calm = Array<Scene>(4).fill({})

describe('the daemon', () => {
  it('tells nothing of images that stand still', async () => {
    const { lines } = await seen([...calm, ...calm])
    expect(lines.map(({ event, detail }) => `${event} ${detail ?? ''}`)).to.deep.equal([
      'begin follows 1 images below 1 folders',
      'end the end',
    ])
  })

  it('tells a login and a logout', async () => {
    const { events } = await seen([...calm, login, login, ...calm])
    expect(events).to.deep.equal(['moved', 'login', 'attached', 'moved', 'logout', 'detached'])
  })

  it('goes on looking while a program hangs', async () => {
    const { events } = await seen([...calm, { ...login, hangs: true }, { ...login, hangs: true }, login, login])
    expect(events.slice(0, 2)).to.deep.equal(['moved', 'login'])
  })

  it('ends with what went wrong beside its looks, wherever that was', async () => {
    const bug = new TypeError('a bug of ours')
    const rejects = (): Promise<never> => new Promise((_, reject) => setImmediate(() => reject(bug)))
    for (const run of [
      () => seen([...calm, ...calm], rejects),
      () => seen([...calm, { bug: rejects }, ...calm]),
      () => seen([...calm, { bug: () => Promise.reject(bug) }, ...calm]),
    ]) {
      const ended = await run().catch((error: unknown) => error)
      expect(ended).to.equal(bug)
    }
  })

  for (const [what, jump] of [
    ['forward', 3_600_000],
    ['back', -3_600_000],
  ] as const) {
    it(`says that its clock was set ${what}, and sees what comes then`, async () => {
      const { events, waits } = await seen([...calm, { jump }, ...calm, login, login])
      expect(events).to.deep.equal(['gap', 'moved', 'login', 'attached'])
      expect(Math.max(...waits)).to.equal(5000)
    })
  }

  it('searches again after a gap, and each quarter of an hour', async () => {
    const quiet = await seen(Array<Scene>(100).fill({}))
    expect(quiet.asked.finds).to.equal(1)
    expect((await seen(Array<Scene>(400).fill({}))).asked.finds).to.equal(3)
    expect((await seen([...calm, { jump: 60_000 }, ...calm])).asked.finds).to.equal(2)
  })

  it('notes nothing of its own while LBackup runs, nor what came of it', async () => {
    const { events } = await seen([...calm, { backup: true }, { ...login, backup: true }, login, login, login, {}, {}])
    expect(events).to.deep.equal(['moved', 'logout', 'detached'])
  })

  it('writes down what it saw at each change, and each five minutes', async () => {
    const { remembered } = await seen(Array<Scene>(130).fill({}))
    expect(remembered.length).to.be.within(3, 5)
    expect(remembered.at(-1)?.images).to.deep.equal([
      { slot: 'bob', user: 'bob', path: home, inode: 2, lies: 'there', state: 'detached' },
    ])
  })

  it('begins with what an earlier one saw, and tells what happened meanwhile', async () => {
    const { remembered } = await seen([...calm, login, login, login])
    const { lines } = await seen(calm, undefined, remembered.at(-1))
    expect(lines.map(({ event }) => event)).to.deep.equal(['gap', 'begin', 'moved', 'logout', 'detached', 'end'])
  })
})

describe('freezing at logout', () => {
  /** A freeze that takes until the next turn, and what it was called for. */
  function recorder(answers: readonly (string | Error | undefined)[] = []) {
    const calls: { path: string; signal: AbortSignal }[] = []
    const freeze: Freeze = ({ path }, signal) => {
      calls.push({ path, signal })
      const answer = calls.length > answers.length ? 'clone' : answers[calls.length - 1]
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    }
    return { calls, freeze }
  }
  const moving = new OperationalError('image-moving', 'It does not come to rest.', 'Wait.')

  it('freezes what is at rest when it begins, and what comes to rest; each once', async () => {
    const { calls, freeze } = recorder()
    const { events, remembered } = await seen([...calm, login, login, ...calm, ...calm], freeze)
    expect(events).to.deep.equal(['frozen', 'moved', 'login', 'attached', 'moved', 'logout', 'detached', 'frozen'])
    expect(calls.map(({ path }) => path)).to.deep.equal([home, home])
    expect(remembered.at(-1)?.images[0]?.frozenAt).to.match(/^2001-/)
  })

  it('after a restart and a backup freezes anew what was used unseen, and tells nothing of what is still the same', async () => {
    const first = await seen(calm, recorder().freeze)
    const frozenAt = first.remembered.at(-1)?.images[0]?.frozenAt
    const unseen: Scene[] = [...calm, { backup: true }, ...calm]
    const same = recorder([undefined, undefined])
    const still = await seen(unseen, same.freeze, first.remembered.at(-1))
    expect(same.calls).to.have.length(2)
    expect(still.events).to.deep.equal(['begin'])
    expect(still.remembered.at(-1)?.images[0]?.frozenAt).to.equal(frozenAt)
    const anew = await seen(unseen, recorder([undefined, 'clone']).freeze, first.remembered.at(-1))
    expect(anew.events).to.deep.equal(['begin', 'frozen'])
  })

  it('freezes nothing while LBackup runs; what came to rest meanwhile is frozen after it', async () => {
    const { calls, freeze } = recorder()
    const scenes = [login, login, login, { ...login, backup: true }, { backup: true }, { backup: true }] as const
    await seen(scenes, freeze)
    expect(calls).to.deep.equal([])
    const { events } = await seen([...scenes, ...calm], freeze)
    expect(calls).to.have.length(1)
    // The search tells of the home alone.
    expect(events).to.deep.equal(['moved', 'frozen'])
  })

  it('freezes nothing whose user is logged in, or of whose use nothing is known', async () => {
    const { calls, freeze } = recorder()
    await seen(Array<Scene>(6).fill({ users: ['bob'] }), freeze)
    await seen(Array<Scene>(6).fill({ hangs: true }), freeze)
    await seen(Array<Scene>(6).fill({ state: 'in-use-elsewhere' }), freeze)
    expect(calls).to.deep.equal([])
  })

  it('stops at a login and at a backup, says nothing of it, and freezes later', async () => {
    for (const busy of [login, { backup: true } as const]) {
      const signals: AbortSignal[] = []
      let done = 0
      const freeze: Freeze = (_image, signal) => {
        signals.push(signal)
        if (signals.length > 1) return Promise.resolve(`clone ${String((done += 1))}`)
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(moving)))
      }
      const { events } = await seen([...calm, busy, busy, busy, ...calm], freeze)
      expect(signals[0]?.aborted).to.be.true
      expect(events.filter((event) => event.endsWith('frozen'))).to.deep.equal(['frozen'])
      expect(done).to.equal(1)
    }
  })

  it('tries what fails three times, five minutes apart, and says why', async () => {
    const { calls, freeze } = recorder([moving, moving, moving, 'never'])
    const { lines } = await seen(Array<Scene>(300).fill({}), freeze)
    expect(calls).to.have.length(3)
    const told = lines.filter(({ event }) => event === 'not-frozen')
    expect(told.map(({ detail }) => detail)).to.deep.equal(Array(3).fill('It does not come to rest.'))
    const apart = told.map(({ at }) => Date.parse(at))
    expect((apart[1] ?? 0) - (apart[0] ?? 0)).to.be.at.least(300_000)
  })
})
