import type { Glance } from '../watch/glance.js'
import type { DaemonEyes, DaemonOrder } from './daemon-type.js'
import type { Freezing } from './freezing.js'
import { knownFrom, seenOf, type Known, type KnownImage, type Told } from './known.js'
import type { Times } from './pace.js'
import { seePlaces } from './places.js'
import { questions } from './questions.js'
import { settle } from './settle.js'
import { seeUsers, seeUses } from './uses.js'
import type { RawPath } from '../text/raw-path.js'

/** What is known of the images, and how it is kept right. */
export interface Following {
  /** A search has told what there is. */
  begun(): boolean
  /** Sees what lies where now, and asks what only a program can tell; `silent`: what is seen is no news of ours. */
  look(silent: boolean): void
  /** As long as nothing is known: searches. */
  search(): void
  /** Waits for answers, not for long. Returns how long, milliseconds. */
  wait(): Promise<number>
  /** Tells what the last answers say, and what was frozen. */
  hear(): void
  /** A backup is over: what was asked before is not what is now, and what is answered first is no news of ours. */
  renew(): void
  /** Writes what was seen last, where it is another than before. */
  write(): void
  tell(told: readonly Told[]): void
}

/** What was seen last is written this often although nothing changed, milliseconds; else a daemon that hangs would not show. */
export const rememberEvery = 300_000

/** Given what to follow, with what an earlier daemon saw last, return who follows it. */
export function following(order: DaemonOrder, pace: Times, freezer: Freezing, eyes: DaemonEyes): Following {
  let known = knownFrom(order.roots, order.seen)
  /** Nothing was known before: what is found is no news. */
  let [first, begun] = [order.seen === undefined, false]
  let quiet = { uses: false, users: false, found: false }
  let usesKnown = false
  let glances = new Map<string, Glance>()
  let [mounts, folders, written, remembered] = ['', '', '', -Infinity]
  const asking = questions(pace, eyes, () => known.images.filter(({ lies }) => lies === 'there'))

  const tell = (told: readonly Told[]): void => {
    const at = new Date(eyes.now()).toISOString()
    eyes.tell(told.map((line) => ({ at, ...line })))
    if (told.length > 0) pace.happened()
  }

  return {
    begun: () => begun,
    look(silent) {
      const now = new Map(known.images.map((image) => [image.slot, eyes.glance(image)]))
      const step = seePlaces(known, {
        root: (path) => eyes.root(path),
        volumeStands: (image) => eyes.volumeStands(image),
        lies: (image) => placeOf(image, now.get(image.slot)),
        searching: () => asking.searching(),
      })
      known = step.known
      if (!silent) tell(step.told)
      const hinted = step.told.length > 0 || [...now].some(([slot, glance]) => differs(glances.get(slot), glance))
      const [mountsNow, foldersNow] = [eyes.mounts(), eyes.folders()]
      const remounted = mountsNow !== mounts
      const renamed = folders !== '' && foldersNow !== folders
      ;[glances, mounts, folders] = [now, mountsNow, foldersNow]
      // At a login an image is at neither of its places for a moment.
      if (known.images.some(({ lies }) => lies === 'missing')) pace.happened()
      asking.askDue({ uses: hinted || remounted, users: hinted, found: step.search || renamed })
    },
    search() {
      if (pace.dueSoon('found')) asking.ask('found')
    },
    wait: () => (begun ? asking.wait('uses', 'users') : asking.wait('uses', 'users', 'found')),
    hear() {
      const { found, uses, users } = asking.answers()
      const told: Told[] = []
      if (found !== undefined) {
        pace.searched(found.milliseconds)
        const step = settle(known, found, first)
        ;[known, first] = [step.known, false]
        if (!begun) tell([{ event: 'begin', detail: beginning(known) }])
        begun = true
        if (!quiet.found) told.push(...step.told)
        eyes.listen(known.images)
      }
      if (users !== undefined) {
        const step = seeUsers(known, users)
        known = step.known
        if (!quiet.users) told.push(...step.told)
      }
      if (uses !== undefined) {
        const step = seeUses(known, uses)
        known = step.known
        // Who used an image while nobody looked was not seen to leave it.
        const unseen = !usesKnown || quiet.uses
        freezer.rested(unseen ? known.images.filter(isAtRest).map(({ slot }) => slot) : step.rested)
        if (!quiet.uses) told.push(...step.told)
        usesKnown = true
      }
      quiet = {
        found: quiet.found && found === undefined,
        users: quiet.users && users === undefined,
        uses: quiet.uses && uses === undefined,
      }
      tell(told)
      const frozen = freezer.next(known, eyes.now())
      known = frozen.known
      tell(frozen.told)
    },
    renew() {
      asking.renew()
      quiet = { uses: true, users: true, found: true }
      pace.restart()
    },
    write() {
      const at = eyes.now()
      const seen = seenOf(known, '')
      const text = JSON.stringify(seen)
      if (!begun || (text === written && Math.abs(at - remembered) < rememberEvery)) return
      ;[written, remembered] = [text, at]
      eyes.remember({ ...seen, at: new Date(at).toISOString() })
    },
    tell,
  }
}

const beginning = ({ images, roots }: Known): string =>
  `follows ${String(images.length)} images below ${String(roots.length)} folders`

const isAtRest = ({ state }: KnownImage): boolean => state === 'detached'

const placeOf = ({ places }: KnownImage, glance: Glance | undefined): RawPath | undefined =>
  glance?.place === undefined ? undefined : places[glance.place]

function differs(before: Glance | undefined, after: Glance): boolean {
  if (before === undefined || before.place !== after.place) return true
  return [...after.members].some(([name, state]) => before.members.get(name) !== state)
}
