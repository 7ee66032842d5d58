import { Buffer } from 'node:buffer'
import { toHex } from '../client/words.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { ClientWord } from './client-words.js'
import type { Happened } from './events.js'
import type { WatchedImage } from './order.js'

/** What is known of an image from what a client tells; undefined: not known. */
interface View {
  /** At which of its places it lies. */
  readonly place: number | undefined
  readonly attached: boolean | undefined
  readonly loggedIn: boolean | undefined
}

/** Follows images by what a client tells of them. */
export interface ClientSight {
  /** A new call begins: its first look tells what there is. */
  begin(): void
  /** Takes one word of a look. */
  take(word: ClientWord): void
  /** A look is over: what happened to the images since the one before. */
  settle(): Happened[]
}

/**
 * Given the images as they were when the plan was made, return who follows them. What a client does not tell of an image
 * at first (it lies deeper than the client looks, its programs say nothing) counts as not known, not as gone.
 */
export function clientSight(images: readonly WatchedImage[]): ClientSight {
  const wanted = new Set(images.flatMap(thingsOf))
  let views = images.map(plannedView)
  let things = new Set<string>()
  let looked = false
  // What the look before it knew stands where the new one could not find out all.
  let former: ReadonlySet<string> | undefined
  return {
    begin() {
      former ??= things
      things = new Set()
    },
    take(word) {
      if (word.says === 'problem' && former !== undefined) for (const thing of former) things.add(thing)
      if (word.says === 'there' && wanted.has(word.thing)) things.add(word.thing)
      if (word.says === 'gone') things.delete(word.thing)
    },
    settle() {
      const before = views
      views = images.map((image, at) => seen(image, before[at] as View, things))
      const seenBefore = looked
      ;[looked, former] = [true, undefined]
      return images.flatMap((image, at) => {
        const told = difference(image, before[at] as View, views[at] as View)
        return seenBefore ? told : told.filter(({ event }) => event !== 'vanished')
      })
    },
  }
}

/** A login in the client's characters: what it writes as `?` is the same to us, which is the safe side. */
const loginOf = ({ user }: WatchedImage): string =>
  `login ${Buffer.from(user, 'utf8')
    .toString('latin1')
    .replace(/[^A-Za-z0-9._@-]/g, '?')}`
const liesAt = (place: RawPath): string => `appeared ${toHex(place)}`
const attachedAt = (place: RawPath): string => `attached ${toHex(place)}`

const thingsOf = (image: WatchedImage): string[] => [
  loginOf(image),
  ...image.places.flatMap((place) => [liesAt(place), attachedAt(place)]),
]

const plannedView = ({ state }: WatchedImage): View => ({
  place: 0,
  attached: state === 'detached' ? false : undefined,
  loggedIn: undefined,
})

/** Where images lie at both places, it is the one that was there. */
function seen(image: WatchedImage, before: View, things: ReadonlySet<string>): View {
  const lying = image.places.flatMap((place, at) => (things.has(liesAt(place)) ? [at] : []))
  return {
    place: lying.find((at) => at === before.place) ?? lying[0],
    attached: image.places.some((place) => things.has(attachedAt(place))),
    loggedIn: things.has(loginOf(image)),
  }
}

function difference({ slot, user, places }: WatchedImage, before: View, after: View): Happened[] {
  const turned = (what: 'attached' | 'loggedIn'): boolean => before[what] !== undefined && before[what] !== after[what]
  const told: Happened[] = []
  if (turned('loggedIn')) told.push({ event: after.loggedIn === true ? 'login' : 'logout', slot, detail: user })
  if (after.place !== before.place) told.push(moved(slot, places, after.place))
  if (turned('attached')) told.push({ event: after.attached === true ? 'attached' : 'detached', slot })
  return told
}

function moved(slot: string, places: readonly RawPath[], place: number | undefined): Happened {
  if (place === undefined) return { event: 'vanished', slot }
  const detail = `to ${printable(places[place] as RawPath)}`
  return { event: place === 0 ? 'returned' : 'moved', slot, detail }
}
