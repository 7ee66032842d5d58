import { expect } from 'chai'
import type { UsageState } from '../../../lib/mount/usage.js'
import { awaitRelease } from '../../../lib/watch/release.js'
import type { WatchedImage } from '../../../lib/watch/order.js'

const image = { slot: 'bob', container: 'sparse-bundle', places: ['/Users/.bob/bob.sparsebundle'] }
const minute = 60_000

/** What can be seen at a moment, milliseconds after the wait began. */
interface Scene {
  readonly place?: number | undefined
  readonly token?: string
  readonly bands?: string
  readonly state?: UsageState
}

interface Play {
  readonly scene?: (at: number) => Scene
  /** Milliseconds until a question is answered. */
  readonly took?: number
  readonly minutes?: number
  /** Milliseconds by which the clock is set back after a minute. */
  readonly setBack?: number
}

/** Waits for an image in use, with a clock of its own; seconds told and really waited, and when it was asked what uses it. */
async function waited({ scene = () => ({}), took = 600, minutes = 10, setBack = 0 }: Play) {
  const asked: number[] = []
  const answers: { at: number; give: () => void }[] = []
  let clock = 0
  const seen = (): Scene => ({ place: 0, ...scene(clock) })
  const seconds = await awaitRelease(
    { images: [image as unknown as WatchedImage], interval: 2, since: 0, until: minutes * minute },
    {
      now: () => clock - (clock >= minute ? setBack : 0),
      async wait(milliseconds) {
        const end = clock + milliseconds
        for (;;) {
          const at = answers.findIndex((answer) => answer.at <= end)
          if (at < 0) break
          const [answer] = answers.splice(at, 1)
          clock = Math.max(clock, answer?.at ?? 0)
          answer?.give()
          await new Promise((resolve) => setImmediate(resolve))
        }
        clock = end
        await new Promise((resolve) => setImmediate(resolve))
      },
      glance: () => {
        const { place, token = '1', bands = '1' } = seen()
        return { place, members: new Map(Object.entries({ token, bands })) }
      },
      uses: () => {
        asked.push(clock)
        const { state = 'attached' } = seen()
        return new Promise((resolve) => {
          answers.push({ at: clock + took, give: () => resolve(new Map([['bob', { state, usedBy: ['bob'] }]])) })
        })
      },
    },
  )
  return { seconds, asked, lasted: clock / 1000 }
}

/** In use until a moment, then not; `hint`: when its token changes. */
const letGo =
  (at: number, hint = Infinity) =>
  (now: number): Scene => ({ state: now < at ? 'attached' : 'detached', token: now < hint ? '1' : '2' })

describe('a wait for an image in use', () => {
  it('ends with the look that finds it gone from its place, although nobody answers what uses it', async () => {
    const { seconds } = await waited({ scene: (at) => (at < 61_000 ? {} : { place: undefined }), took: Infinity })
    expect(seconds).to.equal(62)
  })

  it('asks at once when a member changes that tells of its use, and ends with the answer', async () => {
    const { seconds, asked } = await waited({ scene: letGo(61_000, 61_000) })
    expect(asked).to.include(62_000)
    expect(seconds).to.equal(63)
  })

  it('goes on asking for a while after such a hint, since that may come before the end', async () => {
    const { seconds } = await waited({ scene: letGo(66_000, 61_000) })
    expect(seconds).to.be.within(66, 69)
  })

  it('notices without any hint within half a minute, and asks no more than twice in one', async () => {
    const { seconds, asked } = await waited({ scene: letGo(241_000) })
    expect(seconds).to.be.within(241, 241 + 33)
    expect(asked.filter((at) => at > 0 && at <= 4 * minute)).to.have.length.within(7, 8)
    const slow = await waited({ scene: letGo(141_000), took: 5000 })
    expect(slow.seconds).to.be.within(141, 141 + 39)
  })

  it('asks with each look where the answer costs next to nothing', async () => {
    const { seconds, asked } = await waited({ scene: letGo(61_000), took: 20 })
    expect(asked.slice(0, 4)).to.deep.equal([0, 2000, 4000, 6000])
    expect(seconds).to.equal(64)
  })

  it('takes writing for no hint', async () => {
    const { asked } = await waited({ scene: (at) => ({ bands: String(at) }) })
    expect(asked).to.have.length.below(21)
  })

  it('ends when its time is over, also while nobody answers, and is not prolonged by a clock that is set back', async () => {
    expect((await waited({ minutes: 2.025, took: Infinity })).seconds).to.equal(121.5)
    expect(await waited({ minutes: 2, setBack: 60 * minute })).to.include({ seconds: 120, lasted: 120 })
  })

  it('goes on noticing what is let go when the clock was set back', async () => {
    const { seconds } = await waited({ scene: letGo(91_000), setBack: 60 * minute })
    expect(seconds).to.be.within(91, 91 + 33)
  })

  it('does not end where it cannot be found out what uses it', async () => {
    expect((await waited({ scene: () => ({ state: 'unknown' }), minutes: 2 })).seconds).to.equal(120)
  })
})
