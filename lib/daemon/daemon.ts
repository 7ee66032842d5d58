import type { DaemonLine } from '../generated/daemon.js'
import type { DaemonSeen } from '../generated/seen.js'
import type { Glance } from '../watch/glance.js'
import { question } from '../watch/question.js'
import { freezing, type Freeze } from './freezing.js'
import { knownFrom, seenOf, type Known, type KnownImage, type Told } from './known.js'
import { seePlaces, type PlaceLook } from './places.js'
import { timesOf, type Pace } from './pace.js'
import { settle, type Found } from './settle.js'
import { seeUsers, seeUses, type Uses } from './uses.js'
import type { RawPath } from '../text/raw-path.js'

/** How the daemon sees and tells; tests hand in other ones. */
export interface DaemonEyes extends Omit<PlaceLook, 'lies' | 'searching'> {
  now(): number
  /** Waits so many milliseconds, less where something hints at a change, or until `called` gives a reason. */
  wait(milliseconds: number): Promise<void>
  /** Waits so many milliseconds, whatever happens. */
  late(milliseconds: number): Promise<void>
  /** Half a sentence why the daemon is to end; undefined: it is not. */
  called(): string | undefined
  /** A backup of this configuration runs: what happens then is for its own watch to tell. */
  backupRuns(): Promise<boolean>
  /** Searches; undefined: that could not be done. */
  find(): Promise<Found | undefined>
  /** Where an image lies, and the state of the members that tell of its use. */
  glance(image: KnownImage): Glance
  /** A text that changes with what is mounted; the same for ever where that costs too much to find out. */
  mounts(): string
  /** A text that changes with the folders that are searched, as where a home is new, gone or renamed. */
  folders(): string
  uses(images: readonly KnownImage[]): Promise<Uses>
  /** Who is logged in; undefined: not known. */
  loggedIn(): Promise<ReadonlySet<string> | undefined>
  /** Listens for hints at the places of these images. */
  listen(images: readonly KnownImage[]): void
  tell(lines: readonly DaemonLine[]): void
  remember(seen: DaemonSeen): void
  readonly freeze?: Freeze | undefined
}

/** What the daemon is to do. */
export interface DaemonOrder extends Pace {
  /** The folders that are searched. */
  readonly roots: readonly RawPath[]
  /** What an earlier daemon saw last. */
  readonly seen: DaemonSeen | undefined
}

/** Longer than so many intervals between two looks: the daemon or the machine stood still. */
const mostIntervals = 3
const shortest = 500
/** Answers are waited for no longer before the next look. */
const longestAnswer = 2000
/** What is missing is not said to be gone before a search has told, or took longer than this, milliseconds. */
const longestSearch = 4000
/** A freeze that goes on is waited for no longer when the daemon ends. */
const longestEnd = 5000
/** What was seen last is written this often although nothing changed, milliseconds; else a daemon that hangs would not show. */
export const rememberEvery = 300_000

/**
 * Follow images until called to end, tell what happens to them between backups, and return why it ended. Programs that
 * hang hold up no look.
 */
export async function daemon(order: DaemonOrder, eyes: DaemonEyes): Promise<string> {
  const pace = timesOf(order, () => eyes.now())
  let known = knownFrom(order.roots, order.seen)
  /** Nothing was known before: what is found is no news. */
  let [first, begun] = [order.seen === undefined, false]
  /** What is answered first after a backup is no news of ours. */
  let quiet = { uses: false, users: false, found: false }
  const wanted = { uses: false, users: false, found: false }
  let [usesKnown, searchedFrom] = [false, -Infinity]
  let glances = new Map<string, Glance>()
  let [mounts, folders, written, remembered] = ['', '', '', -Infinity]
  const freezer = freezing(eyes.freeze)
  const looks = {
    root: (path: RawPath) => eyes.root(path),
    volumeStands: (image: KnownImage) => eyes.volumeStands(image),
  }
  const questions = () => ({
    found: question(() => eyes.find()),
    uses: question(() => pace.timed('uses', () => eyes.uses(known.images.filter(({ lies }) => lies === 'there')))),
    users: question(() => pace.timed('users', () => eyes.loggedIn())),
  })
  let asked = questions()
  const tell = (told: readonly Told[]): void => {
    const at = new Date(eyes.now()).toISOString()
    eyes.tell(told.map((line) => ({ at, ...line })))
    if (told.length > 0) pace.happened()
  }
  const ask = (what: keyof typeof asked): void => {
    pace.asked(what)
    wanted[what] = false
    if (what === 'found') searchedFrom = eyes.now()
    asked[what].ask()
  }

  /** What the last answers say. */
  const hear = (): void => {
    const [found, uses, users] = [asked.found.answer(), asked.uses.answer(), asked.users.answer()]
    const told: Told[] = []
    if (asked.found.asking() === undefined) searchedFrom = -Infinity
    if (found !== undefined) {
      pace.searched(found.milliseconds)
      const step = settle(known, found, first)
      ;[known, first] = [step.known, false]
      if (!begun) tell([{ event: 'begin', detail: beginning(known) }])
      begun = true
      if (!quiet.found) told.push(...step.told)
      quiet.found = false
      eyes.listen(known.images)
    }
    if (users !== undefined) {
      const step = seeUsers(known, users)
      known = step.known
      if (!quiet.users) told.push(...step.told)
      quiet.users = false
    }
    if (uses !== undefined) {
      const step = seeUses(known, uses)
      known = step.known
      // Who used an image while nobody looked was not seen to leave it.
      const unseen = !usesKnown || quiet.uses
      freezer.rested(unseen ? known.images.filter(isAtRest).map(({ slot }) => slot) : step.rested)
      if (!quiet.uses) told.push(...step.told)
      quiet.uses = false
      usesKnown = true
    }
    tell(told)
  }

  /** What lies where now; asks what only a program can tell. */
  const look = (silent: boolean): void => {
    const now = new Map(known.images.map((image) => [image.slot, eyes.glance(image)]))
    const place = (image: KnownImage): RawPath | undefined => {
      const at = now.get(image.slot)?.place
      return at === undefined ? undefined : image.places[at]
    }
    const searching = (): boolean => Math.abs(eyes.now() - searchedFrom) < longestSearch
    const step = seePlaces(known, { ...looks, lies: place, searching })
    known = step.known
    if (!silent) tell(step.told)
    const hinted = step.told.length > 0 || [...now].some(([slot, glance]) => differs(glances.get(slot), glance))
    const [mountsNow, foldersNow] = [eyes.mounts(), eyes.folders()]
    const remounted = mountsNow !== mounts
    const renamed = folders !== '' && foldersNow !== folders
    ;[glances, mounts, folders] = [now, mountsNow, foldersNow]
    // At a login an image is at neither of its places for a moment.
    if (known.images.some(({ lies }) => lies === 'missing')) pace.happened()
    // What may not be asked yet is asked as soon as it may.
    wanted.uses ||= hinted || remounted
    wanted.users ||= hinted
    wanted.found ||= step.search || renamed
    for (const what of ['uses', 'users', 'found'] as const)
      if (pace.due(what) || (wanted[what] && pace.dueSoon(what))) ask(what)
  }

  const write = (): void => {
    const at = eyes.now()
    const seen = seenOf(known, '')
    const text = JSON.stringify(seen)
    if (text === written && Math.abs(at - remembered) < rememberEvery) return
    ;[written, remembered] = [text, at]
    eyes.remember({ ...seen, at: new Date(at).toISOString() })
  }

  let [looked, answered, afterBackup] = [eyes.now(), 0, false]
  if (order.seen !== undefined) tell([{ event: 'gap', detail: `no daemon ran since ${order.seen.at}` }])
  ask('found')
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
      if (begun) write()
    } else {
      if (unseen < 0 || unseen > mostIntervals * Math.max(pace.longest, shortest)) {
        tell([
          { event: 'gap', detail: `${(unseen / 1000).toFixed(0)} s between two looks: sleep, or the clock was set` },
        ])
        pace.restart()
      }
      if (afterBackup) {
        // What was asked before is not what is now.
        asked = questions()
        quiet = { uses: true, users: true, found: true }
        pace.restart()
      }
      if (begun) look(afterBackup)
      else if (pace.dueSoon('found')) ask('found')
      afterBackup = false
      answered = await answers()
      // One that began meanwhile is not to find lines of ours in its time.
      if (!(await eyes.backupRuns())) {
        hear()
        const step = freezer.next(known, eyes.now())
        known = step.known
        tell(step.told)
        if (begun) write()
      }
    }
    await eyes.wait(pace.pause())
  }

  /** Returns how long they took, milliseconds; what they may take is no standstill. */
  async function answers(): Promise<number> {
    const open = [asked.uses, asked.users, ...(begun ? [] : [asked.found])].flatMap((one) => one.asking() ?? [])
    const from = eyes.now()
    await Promise.race([Promise.all(open), eyes.late(longestAnswer)])
    return Math.min(longestAnswer, Math.max(0, eyes.now() - from))
  }

  async function end(reason: string): Promise<void> {
    freezer.pause()
    await Promise.race([freezer.going(), eyes.late(longestEnd)])
    if (begun) write()
    tell([{ event: 'end', detail: reason }])
  }
}

const beginning = ({ images, roots }: Known): string =>
  `follows ${String(images.length)} images below ${String(roots.length)} folders`

const isAtRest = ({ state }: KnownImage): boolean => state === 'detached'

function differs(before: Glance | undefined, after: Glance): boolean {
  if (before === undefined || before.place !== after.place) return true
  return [...after.members].some(([name, state]) => before.members.get(name) !== state)
}
