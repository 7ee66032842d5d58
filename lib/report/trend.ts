import type { HistoryImage, HistoryLine } from '../generated/history.js'
import type { SlotTrend } from '../generated/status-report.js'

/** So many runs make a trend. */
const mostRuns = 30

/** An image in one run that was to back it up. */
interface Night {
  readonly startedAt: string
  readonly image: HistoryImage
}

/** Runs, the newest one included, that did not back an image up one after another, and when the first of them began. */
export interface Row {
  readonly runs: number
  readonly since?: string
}

/** Given the runs, the oldest first, and a slot, return its trend; undefined where none of them was to back it up. */
export function trendOf(lines: readonly HistoryLine[], slot: string): SlotTrend | undefined {
  const nights = nightsOf(lines, slot)
  const newest = nights.slice(-mostRuns).map(({ image }) => image)
  const last = newest.at(-1)
  if (last === undefined) return undefined
  const row = rowOf(nights)
  const waited = newest.filter(({ waitedSeconds }) => waitedSeconds > 0)
  const paused = newest.filter(({ pausedSeconds }) => pausedSeconds > 0)
  return {
    slot,
    runs: newest.length,
    backedUp: newest.filter(({ backedUp }) => backedUp).length,
    suspect: newest.filter(({ verdict }) => verdict === 'suspect').length,
    notBackedUpInARow: row.runs,
    ...(row.since === undefined ? {} : { notBackedUpSince: row.since }),
    waited: waited.length,
    waitedSeconds: waited.reduce((sum, { waitedSeconds }) => sum + waitedSeconds, 0),
    paused: paused.length,
    pausedSeconds: paused.reduce((sum, { pausedSeconds }) => sum + pausedSeconds, 0),
    usedBy: [...new Set([...newest].reverse().flatMap(({ usedBy }) => usedBy))],
    last,
  }
}

/** Given the runs, the oldest first, and a slot, return how many did not back it up until now, one after another. */
export const notBackedUp = (lines: readonly HistoryLine[], slot: string): Row => rowOf(nightsOf(lines, slot))

/** A run that was not to back the image up, or did not know it, neither counts nor ends a row. */
function nightsOf(lines: readonly HistoryLine[], slot: string): Night[] {
  return lines.flatMap(({ startedAt, images }) =>
    images.filter((image) => image.slot === slot && image.expected).map((image) => ({ startedAt, image })),
  )
}

function rowOf(nights: readonly Night[]): Row {
  const row = nights.slice(nights.findLastIndex(({ image }) => image.backedUp) + 1)
  const [first] = row
  return first === undefined ? { runs: 0 } : { runs: row.length, since: first.startedAt }
}
