import type { WatchLine } from '../generated/watch.js'
import type { Happened } from './events.js'

/** Of one image in use, bands change at every look of a night; more lines than this tell nothing new. */
const mostChanges = 200

/** Given a clock and where lines go, return what gives each event its time and keeps the journal of a long night short. */
export function telling(to: { now(): number; tell(line: WatchLine): void }): (line: Happened) => void {
  const changes = new Map<string, number>()
  return (line) => {
    if (line.event === 'changed' && line.slot !== undefined) {
      const before = changes.get(line.slot) ?? 0
      if (before === mostChanges) return
      changes.set(line.slot, before + 1)
    }
    to.tell({ at: new Date(to.now()).toISOString(), ...line })
  }
}
