import type { Glance } from './glance.js'
import type { WatchedImage } from './order.js'
import type { Eyes } from './watch.js'

/** Images that are waited for until one of them is let go. */
export interface Release {
  readonly images: readonly WatchedImage[]
  /** Seconds between two looks. */
  readonly interval: number
  /** When the wait began, and its end at the latest, milliseconds since 1970. */
  readonly since: number
  readonly until: number
}

/** After a hint, looks are this near to each other for a while, milliseconds. */
const nearLook = 500
const nearFor = 10_000
/**
 * After an answer, this many times as long as it took passes until who uses the images is asked again. An image is let go
 * some time after the first hint, which is why one question does not do.
 */
const rests = { quiet: 50, hinted: 4 }
/** One that is let go without any hint is noticed this late at most, milliseconds. */
const longestRest = 30_000
/**
 * They change while an image is written, which is no hint that it is let go. That a detach changes one of the others is
 * assumed.
 */
const written: ReadonlySet<string> = new Set(['', 'bands', 'mapped'])

/**
 * Given images in use, return after one is seen to be used by nothing, or no longer lies where it lay (as after a
 * FileVault logout), or the time is over; the seconds waited. Programs that hang hold up no look.
 */
export async function awaitRelease(
  { images, interval, since, until }: Release,
  eyes: Pick<Eyes, 'now' | 'wait' | 'glance' | 'uses'>,
): Promise<number> {
  const most = until - since
  const question = questionOf(images, eyes)
  let glances = images.map((image) => eyes.glance(image))
  let [waited, hinted] = [0, -Infinity]
  while (waited < most) {
    const near = waited - hinted < nearFor
    question.ask(near ? rests.hinted : rests.quiet)
    const apart = near ? Math.min(nearLook, interval * 1000) : interval * 1000
    const step = Math.min(apart, most - waited)
    await eyes.wait(step)
    // A clock that is set back must not make the wait longer.
    waited = Math.max(waited + step, eyes.now() - since)
    const next = images.map((image) => eyes.glance(image))
    if (question.isFree() || next.some(({ place }) => place === undefined)) break
    if (next.some((glance, at) => hints(glances[at] as Glance, glance))) hinted = waited
    glances = next
  }
  return waited / 1000
}

const hints = (before: Glance, { members }: Glance): boolean =>
  [...members].some(([name, state]) => !written.has(name) && before.members.get(name) !== state)

/** Asks who uses the images, beside the looks. */
function questionOf(images: readonly WatchedImage[], eyes: Pick<Eyes, 'now' | 'uses'>) {
  let [free, asking, took, answered] = [false, false, 0, -Infinity]
  return {
    /** The last answer was that nothing uses one of them. */
    isFree: () => free,
    ask(rest: number): void {
      const asked = eyes.now()
      const rested = asked - answered
      if (asking || (rested >= 0 && rested < Math.min(longestRest, rest * took))) return
      asking = true
      void eyes.uses(images).then((used) => {
        answered = eyes.now()
        took = answered - asked
        asking = false
        free = [...used.values()].some(({ state }) => state === 'detached')
      })
    },
  }
}
