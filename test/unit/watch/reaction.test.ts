import { expect } from 'chai'
import type { RawPath } from '../../../lib/text/raw-path.js'
import type { Happened } from '../../../lib/watch/events.js'
import type { ReactionOrder } from '../../../lib/watch/order.js'
import { reaction, type Hands, type Reaction } from '../../../lib/watch/reaction.js'
import type { RsyncProcess } from '../../../lib/watch/rsync-processes.js'

const home = '/Users/bob/bob.sparsebundle' as RawPath
const copy = '/Backup/Section.inprogress/Users/bob/bob.sparsebundle' as RawPath
const order: ReactionOrder = {
  mode: 'pause',
  images: [{ slot: 'bob', places: [home, copy] }],
  longestPause: 60_000,
  destination: '/Backup' as RawPath,
}
const process = (pid: number, ...open: string[]): RsyncProcess => ({
  pid,
  startTime: `start of ${String(pid)}`,
  open: open as RawPath[],
})
const inBand = process(1, '/Users', `${home}/bands/7`)
const idle = process(2, '/Backup')
const login: Happened = { event: 'attached', slot: 'bob', detail: 'by bob' }
const logout: Happened = { event: 'detached', slot: 'bob' }

/** A machine on which everything is as a pause needs it. */
interface Scene {
  now: number
  rsync: RsyncProcess[] | undefined
  volumes: string[] | undefined
  guard: 'stands by' | 'starts' | 'gone' | 'silent'
  lives: boolean
  wentOn?: () => void
  lost?: () => void
}

/** What is done, in order, each word by word; and what drives it. */
function play(changes: Partial<Scene> = {}, given: Partial<ReactionOrder> = {}) {
  const scene: Scene = {
    ...{ now: 0, rsync: [inBand, idle], volumes: [], guard: 'stands by', lives: true },
    ...changes,
  }
  const done: string[] = []
  const says = (pids: readonly { pid: number }[]): string => pids.map(({ pid }) => String(pid)).join()
  const hands: Hands = {
    now: () => scene.now,
    lbackupLives: () => Promise.resolve(scene.lives),
    rsync: () => Promise.resolve(scene.rsync),
    volumes: () => Promise.resolve(scene.volumes as RawPath[] | undefined),
    startGuard(wentOn, lost) {
      Object.assign(scene, { wentOn, lost })
      done.push('guard starts')
      return {
        standsBy: () => scene.guard === 'stands by' || scene.guard === 'silent',
        gone: () => scene.guard === 'gone',
        beat: () => undefined,
        end: () => void done.push('guard ends'),
        arm(slot, processes, longest) {
          done.push(`arm ${slot} ${says(processes)} ${String(longest)}`)
          return Promise.resolve(scene.guard === 'stands by')
        },
        disarm: () => void done.push('disarm'),
      }
    },
    signal: (pid, name) => void done.push(`${name} ${String(pid)}`),
    letGoOn: (processes) => Promise.resolve(done.push(`SIGCONT ${says(processes)}`)),
    tell: ({ event, slot, processes, detail }) =>
      void done.push(
        [event, slot, ...(processes === undefined ? [] : [says(processes)]), detail].map(String).join(' '),
      ),
  }
  const played = reaction({ ...order, ...given }, hands)
  running.push(played)
  return {
    scene,
    /** What a look leads to; without events, that nothing happened. */
    after: async (...events: Happened[]): Promise<string[]> => {
      played.see(events)
      await settled()
      return done.splice(0)
    },
    end: async (): Promise<string[]> => {
      await played.end()
      return done.splice(0)
    },
    reaction: played,
    done: async () => (await settled(), done.splice(0)),
  }
}

const running: Reaction[] = []
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const stopping = ['arm bob 1,2 60000', 'paused bob 1,2 it was attached by bob', 'SIGSTOP 1', 'SIGSTOP 2']

describe('the reaction of a watch', () => {
  afterEach(async () => {
    for (const one of running.splice(0)) await one.end()
  })

  it('tells before it stops anything, after the guard has all it needs; rsync goes on when the image is at rest', async () => {
    const { scene, after, reaction: one } = play()
    expect(await after(login)).to.deep.equal(['guard starts', ...stopping])
    expect(one.waits()).to.equal(true)
    scene.now = 20_000
    expect(await after()).to.deep.equal([])
    expect(await after(logout)).to.deep.equal(['SIGCONT 1,2', 'disarm', 'resumed bob the image was at rest again'])
    expect(one.waits()).to.equal(false)
    expect(await after(login), 'what is left of its time').to.deep.equal(['arm bob 1,2 40000', ...stopping.slice(1)])
  })

  it('takes an image for at rest only at its first place, and used by nobody', async () => {
    const { after } = play()
    await after({ event: 'moved', slot: 'bob' }, login)
    expect(await after({ event: 'returned', slot: 'bob' })).to.deep.equal([])
    expect(await after({ event: 'moved', slot: 'bob' }, logout)).to.deep.equal([])
    expect(await after({ event: 'returned', slot: 'bob' })).to.include('SIGCONT 1,2')
  })

  it('says who came to use an image that had left its place', async () => {
    const { after } = play()
    expect(await after({ event: 'moved', slot: 'bob' })).to.include('paused bob 1,2 it left its place')
    await after(login)
    expect((await after({ event: 'returned', slot: 'bob' }, logout)).at(-1)).to.equal(
      'resumed bob the image was at rest again, used by bob',
    )
  })

  it('does nothing while rsync is elsewhere, and pauses once it comes to the image', async () => {
    const { scene, after } = play({ rsync: [process(1, '/Users/zoe/1', '/Users/bob/bob.sparsebundle.old/1'), idle] })
    expect(await after(login)).to.deep.equal(['guard starts'])
    expect(await after()).to.deep.equal([])
    scene.rsync = [inBand, idle]
    expect(await after()).to.deep.equal(stopping)
  })

  it('knows an image by its growing copy, under the name rsync gives it meanwhile too', async () => {
    for (const path of [`${copy}/bands/.7.a1B2c3`, `${home.slice(0, 11)}.bob.sparsebundle.a1B2c3`]) {
      expect(await play({ rsync: [process(1, path)] }).after(login), path).to.include('SIGSTOP 1')
    }
  })

  it('does nothing for other images, nor for events that are no use of one', async () => {
    const { after } = play()
    const images = [...order.images, { slot: 'zoe', places: ['/Users/zoe/zoe.sparsebundle' as RawPath] }]
    expect(await play({}, { images }).after({ ...login, slot: 'zoe' }), 'rsync is at another').to.deep.equal([
      'guard starts',
    ])
    expect(await after({ ...login, slot: 'zoe' }, { event: 'gap' }, { event: 'changed', slot: 'bob' })).to.deep.equal(
      [],
    )
  })

  it('pauses nothing without a guard that stands by, and says so once', async () => {
    const { scene, after } = play({ guard: 'starts' })
    expect(await after(login)).to.deep.equal(['guard starts'])
    scene.guard = 'gone'
    expect(await after()).to.deep.equal(['not-paused bob the guard of the pause could not be started'])
    expect(await after()).to.deep.equal([])
    const silent = await play({ guard: 'silent' }).after(login)
    expect(silent.slice(2)).to.deep.equal(['disarm', 'not-paused bob the guard of the pause did not answer'])
  })

  it('pauses nothing in a mounted volume, nor where these are not known; the backup disk may be one', async () => {
    for (const volumes of [['/Users'], ['/'], [`${home}/bands`], undefined]) {
      const done = await play({ volumes }).after(login)
      expect(
        done.filter((line) => line.startsWith('SIG')),
        String(volumes),
      ).to.deep.equal([])
      expect(done.at(-1), String(volumes)).to.match(/^not-paused bob /)
    }
    expect(await play({ volumes: ['/Backup', '/Use'] }).after(login)).to.include('SIGSTOP 1')
  })

  it('lets rsync go on at once where a volume is seen only after it was stopped', async () => {
    const { scene, after, reaction: one } = play()
    scene.rsync = undefined
    await after(login)
    scene.rsync = [inBand, idle]
    let asked = 0
    Object.defineProperty(scene, 'volumes', { get: () => ((asked += 1) === 1 ? [] : ['/Users']) })
    const done = await after()
    expect(done.slice(0, 4)).to.deep.equal(stopping)
    expect(done.slice(4)).to.deep.equal([
      'SIGCONT 1,2',
      'disarm',
      'resumed bob rsync was in a mounted volume of an image, which could not be detached then',
    ])
    expect(one.waits()).to.equal(false)
    expect(await after(), 'it is not tried again').to.deep.equal([])
  })

  for (const [what, change, says] of [
    ['its time is over', { now: 60_000 }, 'watch.maxPauseMinutes were over'],
    ['the guard is gone', { guard: 'gone' }, 'the guard of the pause was gone'],
    ['LBackup is gone', { lives: false }, 'LBackup was gone'],
  ] as const) {
    it(`lets rsync go on when ${what}, and pauses no more`, async () => {
      const { scene, after } = play()
      await after(login)
      Object.assign(scene, change)
      expect(await after()).to.deep.equal(['SIGCONT 1,2', 'disarm', `resumed bob ${says}`])
      Object.assign(scene, { guard: 'stands by', lives: true })
      expect(await after()).to.deep.equal([])
    })
  }

  it('hears of the end of its guard without a look', async () => {
    const { scene, after, done } = play()
    await after(login)
    scene.guard = 'gone'
    scene.lost?.()
    expect(await done()).to.deep.equal(['SIGCONT 1,2', 'disarm', 'resumed bob the guard of the pause was gone'])
  })

  it('tells nothing of what the guard did and told, and pauses no more', async () => {
    const { scene, after, end } = play()
    await after(login)
    scene.wentOn?.()
    expect(await after()).to.deep.equal([])
    expect(await end()).to.deep.equal(['guard ends'])
  })

  it('lets rsync go on when it ends, before the guard does, and also when it ends just as it pauses', async () => {
    const { after, end } = play()
    await after(login)
    expect(await end()).to.deep.equal(['SIGCONT 1,2', 'disarm', 'resumed bob the watch ended', 'guard ends'])
    expect(await after(login)).to.deep.equal([])
    const hasty = play()
    hasty.reaction.see([login])
    const done = [...(await hasty.end()), ...(await hasty.done())]
    expect(done.filter((line) => line.startsWith('SIG'))).to.deep.equal([])
  })

  it('stops only what it was armed for', async () => {
    const { scene, after } = play()
    let asked = 0
    Object.defineProperty(scene, 'rsync', {
      get: () => ((asked += 1) === 1 ? [inBand, idle] : [inBand, { ...idle, startTime: 'later' }, process(3)]),
    })
    expect((await after(login)).filter((line) => line.startsWith('SIG'))).to.deep.equal(['SIGSTOP 1'])
  })

  it('with no time for pauses makes none', async () => {
    expect(await play({}, { longestPause: 0 }).after(login)).to.deep.equal(['guard starts'])
  })

  it('ends rsync once, without a guard, where that is wanted', async () => {
    const { after } = play({ volumes: ['/Users'] }, { mode: 'stop', longestPause: 0 })
    expect(await after(login)).to.deep.equal(['stopped bob 1,2 it was attached by bob', 'SIGTERM 1', 'SIGTERM 2'])
    expect(await after(logout), 'once').to.deep.equal([])
    expect(await after(login), 'once').to.deep.equal([])
  })
})
