import type { WatchLine } from '../generated/watch.js'

/** For how long rsync was stopped. */
export interface Paused {
  /** Whole seconds for each slot that it was stopped for. */
  readonly bySlot: ReadonlyMap<string, number>
  /** Whole seconds for whichever slot; pauses for two of them at the same time count once. */
  readonly seconds: number
}

export const notPaused: Paused = { bySlot: new Map(), seconds: 0 }

/**
 * Given what happened while rsync ran, in order, and when the last line of the journal was written, return for how long
 * rsync was stopped. A pause of which no end is told lasts until then; what a clock that was set back makes of one counts
 * nothing.
 */
export function pausedIn(events: readonly WatchLine[], lastAt: string | undefined): Paused {
  const [since, spent] = [new Map<string, number>(), new Map<string, number>()]
  let [anySince, anySpent] = [0, 0]
  const end = (slot: string, at: number): void => {
    const began = since.get(slot)
    if (began === undefined) return
    since.delete(slot)
    spent.set(slot, (spent.get(slot) ?? 0) + Math.max(0, at - began))
    if (since.size === 0) anySpent += Math.max(0, at - anySince)
  }
  for (const { event, slot, at } of events) {
    if (slot === undefined) continue
    const now = Date.parse(at)
    if (event === 'resumed') end(slot, now)
    if (event !== 'paused' || since.has(slot)) continue
    if (since.size === 0) anySince = now
    since.set(slot, now)
  }
  if (lastAt !== undefined) for (const slot of [...since.keys()]) end(slot, Date.parse(lastAt))
  return { bySlot: new Map([...spent].map(([slot, spent]) => [slot, whole(spent)])), seconds: whole(anySpent) }
}

const whole = (milliseconds: number): number => Math.round(milliseconds / 1000)
