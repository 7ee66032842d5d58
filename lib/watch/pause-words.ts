import type { WatchLine } from '../generated/watch.js'
import { duration } from '../text/measure.js'

/** Given the events of one image, return them with each pause and its end as one, which tells how long and why. */
export function withPauses(events: readonly WatchLine[]): WatchLine[] {
  const ends = new Set<WatchLine>()
  const told = events.map((event, at) => {
    if (event.event !== 'paused') return event
    const end = events.slice(at + 1).find((later) => later.event === 'resumed')
    if (end !== undefined) ends.add(end)
    const because = event.detail === undefined ? '' : ` because ${event.detail}`
    return {
      ...event,
      detail: `${lasted(event, end)}${because}${end === undefined ? '' : `, until ${end.detail ?? ''},`}`,
    }
  })
  return told.filter((event) => !ends.has(event))
}

const lasted = (begin: WatchLine, end: WatchLine | undefined): string =>
  end === undefined ? 'nobody knows how long' : `for ${duration((Date.parse(end.at) - Date.parse(begin.at)) / 1000)}`
