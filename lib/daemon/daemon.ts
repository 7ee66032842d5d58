import type { DaemonEyes, DaemonOrder } from './daemon-type.js'
import { following } from './following.js'
import { freezing } from './freezing.js'
import { timesOf } from './pace.js'

/** Longer than so many intervals between two looks: the daemon or the machine stood still. */
const mostIntervals = 3
const shortest = 500
/** A freeze that goes on is waited for no longer when the daemon ends, milliseconds. */
const longestEnd = 5000

/**
 * Follow images until called to end, tell what happens to them between backups, and return why it ended. Programs that
 * hang hold up no look.
 */
export async function daemon(order: DaemonOrder, eyes: DaemonEyes): Promise<string> {
  const pace = timesOf(order, () => eyes.now())
  const freezer = freezing(eyes.freeze)
  const images = following(order, pace, freezer, eyes)
  let [looked, answered, afterBackup] = [eyes.now(), 0, false]
  if (order.seen !== undefined) images.tell([{ event: 'gap', detail: `no daemon ran since ${order.seen.at}` }])
  images.search()
  pace.happened()
  for (;;) {
    const reason = eyes.called()
    if (reason !== undefined) {
      await end(reason)
      return reason
    }
    const now = eyes.now()
    // A clock that was set back is a gap as well: what lies between the two looks is not known.
    const unseen = now - looked - answered
    ;[looked, answered] = [now, 0]
    if (await eyes.backupRuns()) {
      freezer.pause()
      afterBackup = true
      images.write()
    } else {
      if (unseen < 0 || unseen > mostIntervals * Math.max(pace.longest, shortest)) {
        images.tell([
          { event: 'gap', detail: `${(unseen / 1000).toFixed(0)} s between two looks: sleep, or the clock was set` },
        ])
        pace.restart()
      }
      if (afterBackup) images.renew()
      if (images.begun()) images.look(afterBackup)
      else images.search()
      afterBackup = false
      answered = await images.wait()
      // One that began meanwhile is not to find lines of ours in its time.
      if (!(await eyes.backupRuns())) {
        images.hear()
        images.write()
      }
    }
    await eyes.wait(pace.pause())
  }

  async function end(reason: string): Promise<void> {
    freezer.pause()
    await Promise.race([freezer.going(), eyes.late(longestEnd)])
    images.write()
    images.tell([{ event: 'end', detail: reason }])
  }
}
