import type { ClientOrder } from './client-order.js'
import { clientLine, type LineEyes } from './client-line.js'
import { clientSight } from './client-sight.js'
import type { Happened } from './events.js'
import { telling } from './telling.js'
import { endReason, type Eyes } from './watch.js'

/** How a watch over the images of a client hears and tells; tests hand in other ones. */
export interface ClientEyes
  extends LineEyes, Pick<Eyes, 'wait' | 'called' | 'lbackupLives' | 'takeBlockOut' | 'tell' | 'reaction'> {
  /** No further call joins the login of the run, which then ends. */
  letGo(): Promise<void>
}

/** No client has more to tell in one run; one that does is out of sight. */
const mostEvents = 10_000

/**
 * Listen to a client until called to end, LBackup is gone or the time is over, and tell what happens to its images, each
 * at our own time. `begin` is told at once, since a client may be slow to answer; `end` last. Where nobody
 * called, no post-backup hook will come: the block is taken out of the excludes file, and the login of the run ends.
 */
export async function watchClient(order: ClientOrder, begin: Happened, eyes: ClientEyes): Promise<void> {
  const { images, until, client } = order
  const interval = client.interval * 1000
  const tell = telling(eyes)
  tell(begin)
  const happened = (event: Happened): void => {
    tell(event)
    eyes.reaction?.see([event])
  }
  const line = clientLine(interval, clientSight(images), atMost(mostEvents, happened), eyes)
  for (;;) {
    line.keep()
    await eyes.wait(interval)
    // rsync may have come to an image of which something was told before.
    eyes.reaction?.see([])
    const ending = await endReason(until, eyes)
    if (ending === undefined) continue
    await eyes.reaction?.end()
    if (!eyes.called()) eyes.takeBlockOut()
    await line.end()
    if (!eyes.called()) await eyes.letGo()
    return tell({ event: 'end', detail: ending })
  }
}

/** The journal of a client that tells without end stays short. */
function atMost(most: number, tell: (line: Happened) => void): (line: Happened) => void {
  let left = most
  return (line) => {
    left -= 1
    if (left > 0) tell(line)
    if (left === 0) tell({ event: 'gap', detail: `the rest of the run (the client told of ${String(most)} events)` })
  }
}
