import type { WatchLine } from '../generated/watch.js'
import { list } from '../text/measure.js'
import { withPauses } from './pause-words.js'

const verbs: Readonly<Record<WatchLine['event'], string>> = {
  begin: '',
  end: '',
  moved: 'moved',
  vanished: 'was at none of its places',
  returned: 'came back',
  changed: 'changed in',
  attached: 'was attached',
  detached: 'was detached',
  login: 'saw the login of',
  logout: 'saw the logout of',
  paused: 'had rsync paused',
  resumed: 'had rsync go on because',
  'not-paused': 'had rsync not paused because',
  stopped: 'had rsync ended because',
  'snapshot-lost': 'was on a volume or snapshot that was unmounted',
  gap: 'was out of sight for',
}

/**
 * Given a slot and what happened while rsync ran, return it as half a sentence whose subject is the image; undefined:
 * nothing. What names no image concerns every one. A login alone is told of none: its user may have come for something
 * else, and a login to the image itself moves it. What happened again and again is told by its first times, what was done
 * to rsync always.
 */
export function wordsOf(slot: string, events: readonly WatchLine[]): string | undefined {
  const own = withPauses(events.filter((event) => event.slot === undefined || event.slot === slot))
  if (own.every(({ event }) => event === 'login' || event === 'logout')) return undefined
  const chosen = own.filter(({ event }, place) => place < mostTold || ofRsync.has(event))
  const told = chosen.map(({ at, event, detail }) => {
    return `${verbs[event]}${detail === undefined ? '' : ` ${detail}`} at ${at.slice(11, 19)} UTC`
  })
  return own.length > told.length ? `${told.join(', ')} and so on` : list(told)
}

const mostTold = 6
/** What was done to rsync is told whenever it was; there is little of it in a run. */
const ofRsync = new Set<WatchLine['event']>(['paused', 'not-paused', 'stopped'])
