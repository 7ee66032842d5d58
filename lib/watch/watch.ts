import type { WatchLine } from '../generated/watch.js'
import { asking, type AskingEyes } from './asking.js'
import { happened, type Happened } from './events.js'
import type { Glance } from './glance.js'
import type { WatchedImage, WatchOrder } from './order.js'
import type { Reaction } from './reaction.js'
import { slice, type SliceEyes } from './slice.js'
import { telling } from './telling.js'

/** How a watch sees and tells; tests hand in other ones. */
export interface Eyes extends AskingEyes, SliceEyes {
  /** Waits so many milliseconds, less where something hints at a change, or until `called` turns true. */
  wait(milliseconds: number): Promise<void>
  /** Waits so many milliseconds, whatever happens. */
  late(milliseconds: number): Promise<void>
  /** Somebody wants the watch to end. */
  called(): boolean
  lbackupLives(): Promise<boolean>
  glance(image: WatchedImage): Glance
  /** What is copied is still mounted where it was. */
  sourceStands(): boolean
  /** A text that changes with what is mounted; the same for ever where that costs too much to find out. */
  mounts(): string
  /** Takes what the run put into LBackup's excludes file out of it. */
  takeBlockOut(): void
  tell(line: WatchLine): void
  /** What follows from what happens, besides noting it. */
  readonly reaction?: Reaction
}

/** After an event, looks are this near to each other for a while, milliseconds. */
const nearLook = 500
const nearFor = 10_000
/** Bands looked at within one interval. */
const sliceLength = 2000
/** The first and the last answer are waited for no longer: rsync begins, and the post-backup hook waits as well. */
const longestAnswer = 2000
/** Longer than so many intervals between two looks: the watch or the machine stood still. */
const mostIntervals = 3

/**
 * Follow images until called to end, LBackup is gone or the time is over, and tell what happens to them. `begin` is told
 * once everything was seen a first time, `end` last. Programs that hang hold up no look. Where nobody called, no
 * post-backup hook will come, and the block is taken out of the excludes file.
 */
export async function watch(order: WatchOrder, begin: Happened, eyes: Eyes): Promise<void> {
  const { images, until } = order
  const tell = telling(eyes)
  const interval = order.interval * 1000
  const questions = asking(images, eyes)
  const answered = (): Promise<unknown> => Promise.race([questions.asking(), eyes.late(longestAnswer)])
  const bands = slice(images, eyes)
  let [looked, lastEvent] = [eyes.now(), -Infinity]
  let glances = images.map((image) => eyes.glance(image))
  let [mounts, stands] = [eyes.mounts(), eyes.sourceStands()]
  bands.next(sliceLength, glances)
  await answered()
  // What the answer may take is no standstill.
  looked = Math.min(eyes.now(), looked + longestAnswer)
  tell(begin)
  // What moved since the plan was made did so before the first look.
  images.forEach((image, at) => {
    const first = glances[at] as Glance
    happened(image, { ...first, place: 0 }, first).forEach(tell)
  })
  for (;;) {
    // However far back the clock was set, the looks are near no longer than that.
    await eyes.wait(Math.abs(eyes.now() - lastEvent) < nearFor ? Math.min(nearLook, interval) : interval)
    const now = eyes.now()
    const seen: Happened[] = []
    // A clock that was set back is a gap as well: what lies between the two looks is not known.
    if (now < looked || now - looked > mostIntervals * Math.max(interval, nearLook))
      tell({ event: 'gap', detail: `${((now - looked) / 1000).toFixed(1)} s between two looks` })
    const share = Math.min(1, Math.max(0, now - looked) / interval)
    looked = now
    const next = images.map((image) => eyes.glance(image))
    seen.push(...images.flatMap((image, at) => happened(image, glances[at] as Glance, next[at] as Glance)))
    glances = next
    seen.push(...bands.next(Math.ceil(share * sliceLength), next))
    if (stands && !eyes.sourceStands()) seen.push({ event: 'snapshot-lost' })
    stands &&= !seen.some(({ event }) => event === 'snapshot-lost')
    const mounted = eyes.mounts()
    const ending = await endReason(until, eyes)
    if (ending !== undefined) await eyes.reaction?.end()
    if (seen.length > 0 || mounted !== mounts || ending !== undefined || eyes.reaction?.waits() === true)
      questions.ask()
    mounts = mounted
    if (ending !== undefined) await answered()
    seen.push(...questions.news())
    seen.forEach(tell)
    eyes.reaction?.see(seen)
    if (seen.length > 0) lastEvent = eyes.now()
    if (ending === undefined) continue
    if (!eyes.called()) eyes.takeBlockOut()
    return tell({ event: 'end', detail: ending })
  }
}

/** Half a sentence why a watch is to end now; undefined: it is not. */
export async function endReason(
  until: number,
  eyes: Pick<Eyes, 'now' | 'called' | 'lbackupLives'>,
): Promise<string | undefined> {
  if (eyes.called()) return 'it was asked to end'
  if (!(await eyes.lbackupLives())) return 'LBackup is gone'
  return eyes.now() > until ? 'its time was over' : undefined
}
