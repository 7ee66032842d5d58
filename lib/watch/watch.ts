import type { WatchLine } from '../generated/watch.js'
import { happened, usageHappened, type Happened } from './events.js'
import type { UsageState } from '../mount/usage.js'
import type { Glance } from './glance.js'
import type { WatchedImage, WatchOrder } from './order.js'

/** How a watch sees and tells; tests hand in other ones. */
export interface Eyes {
  now(): number
  /** Waits so many milliseconds, or until `called` turns true. */
  wait(milliseconds: number): Promise<void>
  /** Waits so many milliseconds, whatever happens. */
  late(milliseconds: number): Promise<void>
  /** Somebody wants the watch to end. */
  called(): boolean
  lbackupLives(): Promise<boolean>
  glance(image: WatchedImage): Glance
  /** By slot, what uses each image; without those of which nothing is known. */
  uses(
    images: readonly WatchedImage[],
  ): Promise<ReadonlyMap<string, { readonly state: UsageState; readonly usedBy: readonly string[] }>>
  tell(line: WatchLine): void
}

/** After an event, looks are this near to each other for a while, milliseconds. */
const nearLook = 500
const nearFor = 10_000
/** Who uses the images is found out this often, and at each event. */
const usesEvery = 30_000
/** The last answer is waited for no longer: the post-backup hook waits as well. */
const lastAnswer = 2000
/** Longer than so many intervals between two looks: the watch or the machine stood still. */
const mostIntervals = 3

/**
 * Follow images until called to end, LBackup is gone or the time is over, and tell what happens to them. `begin` is told
 * once everything was seen a first time, `end` last. Programs that hang hold up no look.
 */
export async function watch(order: WatchOrder, begin: Happened, eyes: Eyes): Promise<void> {
  const { images, until } = order
  const tell = (line: Happened): void => eyes.tell({ at: new Date(eyes.now()).toISOString(), ...line })
  const interval = order.interval * 1000
  const usage = usageWatch(images, eyes)
  let glances = images.map((image) => eyes.glance(image))
  tell(begin)
  let [looked, lastEvent] = [eyes.now(), -Infinity]
  for (;;) {
    await eyes.wait(eyes.now() - lastEvent < nearFor ? Math.min(nearLook, interval) : interval)
    const now = eyes.now()
    // A clock that was set back is a gap as well: what lies between the two looks is not known.
    if (now < looked || now - looked > mostIntervals * Math.max(interval, nearLook))
      tell({ event: 'gap', detail: `${((now - looked) / 1000).toFixed(1)} s between two looks` })
    looked = now
    const next = images.map((image) => eyes.glance(image))
    const seen = images.flatMap((image, at) => happened(image, glances[at] as Glance, next[at] as Glance))
    glances = next
    const ending = await endReason(until, eyes)
    if (seen.length > 0 || ending !== undefined) usage.ask()
    if (ending !== undefined) await Promise.race([usage.asking(), eyes.late(lastAnswer)])
    seen.push(...usage.news())
    seen.forEach(tell)
    if (seen.length > 0) lastEvent = eyes.now()
    if (ending !== undefined) return tell({ event: 'end', detail: ending })
  }
}

/** Asks who uses the images, beside the looks; `news` is what the last answer changed. */
function usageWatch(images: readonly WatchedImage[], eyes: Eyes) {
  const states = new Map(images.map(({ slot, state }) => [slot, state]))
  let asking: Promise<void> | undefined
  let asked = eyes.now()
  let arrived: Awaited<ReturnType<Eyes['uses']>> | undefined
  const ask = (): void => {
    asked = eyes.now()
    asking ??= eyes.uses(images).then((used) => {
      arrived = used
      asking = undefined
    })
  }
  return {
    ask,
    asking: () => asking,
    news(): Happened[] {
      const used = arrived
      arrived = undefined
      if (eyes.now() - asked >= usesEvery) ask()
      return images.flatMap((image) => {
        const now = used?.get(image.slot)
        if (now === undefined) return []
        const told = usageHappened(image, states.get(image.slot), now.state, now.usedBy)
        states.set(image.slot, now.state)
        return told
      })
    },
  }
}

async function endReason(until: number, eyes: Eyes): Promise<string | undefined> {
  if (eyes.called()) return 'it was asked to end'
  if (!(await eyes.lbackupLives())) return 'LBackup is gone'
  return eyes.now() > until ? 'its time was over' : undefined
}
