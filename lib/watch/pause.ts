import { baseName, isWithin, join, parent, type RawPath } from '../text/raw-path.js'
import type { Happened } from './events.js'
import type { ReactionOrder, WatchedProcess } from './order.js'
import type { RsyncProcess } from './rsync-processes.js'

/** What a watch knows that pauses rsync, or ends it. */
export interface PauseState {
  /** By slot, the images that are not at rest. */
  readonly restless: ReadonlyMap<string, Restless>
  /** rsync stands still. */
  readonly paused?: Pause
  /** Milliseconds that rsync stood still in this run, without the pause that goes on. */
  readonly spent: number
  /** In this run nothing more is done to rsync. */
  readonly over: boolean
}

interface Restless {
  /** It lies not at its first place. */
  readonly away: boolean
  /** Who uses it, in words; undefined: nobody. */
  readonly used: string | undefined
}

export interface Pause {
  readonly slot: string
  /** On a clock that nobody sets, milliseconds. */
  readonly since: number
  readonly processes: readonly WatchedProcess[]
  /** Who came to use the image meanwhile. */
  readonly by?: string
}

export const undisturbed: PauseState = { restless: new Map(), spent: 0, over: false }

const atRest: Restless = { away: false, used: undefined }

/** Given the state and what happened to an image, return the state after it. */
export function after(order: ReactionOrder, state: PauseState, { event, slot, detail }: Happened): PauseState {
  if (slot === undefined || !order.images.some((image) => image.slot === slot)) return state
  const before = state.restless.get(slot) ?? atRest
  const now = next(before, event, detail)
  const restless = new Map(state.restless)
  if (now.away || now.used !== undefined) restless.set(slot, now)
  else restless.delete(slot)
  const { paused } = state
  if (paused?.slot !== slot) return { ...state, restless }
  return {
    ...state,
    restless,
    paused: event === 'attached' && detail !== undefined ? { ...paused, by: detail } : paused,
  }
}

function next(before: Restless, event: Happened['event'], detail: string | undefined): Restless {
  if (event === 'moved' || event === 'vanished') return { ...before, away: true }
  if (event === 'returned') return { ...before, away: false }
  if (event === 'attached') return { ...before, used: detail ?? '' }
  return event === 'detached' ? { ...before, used: undefined } : before
}

/** An image that is not at rest and that rsync is copying. */
export interface Reached {
  readonly slot: string
  /** Why it is not at rest. */
  readonly why: string
}

/** Given the state and LBackup's rsync, return the image for which something is to be done to it. */
export function reached(
  order: ReactionOrder,
  { restless, over, spent }: PauseState,
  rsync: readonly RsyncProcess[],
): Reached | undefined {
  if (over || (order.mode === 'pause' && spent >= order.longestPause)) return undefined
  const paths = rsync.flatMap(({ open }) => open)
  const at = order.images.find(({ slot, places }) => restless.has(slot) && paths.some((path) => isAt(path, places)))
  if (at === undefined) return undefined
  const { used } = restless.get(at.slot) ?? atRest
  const why = used === undefined ? 'it left its place' : `it was attached${used === '' ? '' : ` ${used}`}`
  return { slot: at.slot, why }
}

/** rsync writes a file under another name first, `.NAME.XXXXXX`; an image of one file then grows beside its place. */
const isAt = (path: RawPath, places: readonly RawPath[]): boolean =>
  places.some((place) => isWithin(path, place) || path.startsWith(join(parent(place), `.${baseName(place)}.`)))

/**
 * Given LBackup's rsync and where volumes of images are mounted (undefined: not known), return why it must not stand
 * still now: it would keep a volume busy whose user wants to log out. undefined: it may.
 */
export function obstacle(
  order: ReactionOrder,
  rsync: readonly RsyncProcess[],
  volumes: readonly RawPath[] | undefined,
): string | undefined {
  if (volumes === undefined) return 'it was not known which volumes of images are mounted'
  const paths = rsync.flatMap(({ open }) => open).filter((path) => !isWithin(path, order.destination))
  return paths.some((path) => volumes.some((volume) => isWithin(path, volume)))
    ? 'rsync was in a mounted volume of an image, which could not be detached then'
    : undefined
}

/** Given the state of a pause and what else is known, return why it ends; undefined: it goes on. */
export function reasonToGoOn(
  order: ReactionOrder,
  { paused, restless, spent }: PauseState,
  { now, guarded, lbackupLives }: { now: number; guarded: boolean; lbackupLives: boolean },
): string | undefined {
  if (paused === undefined) return undefined
  if (!restless.has(paused.slot)) return rested
  if (!guarded) return 'the guard of the pause was gone'
  if (!lbackupLives) return 'LBackup was gone'
  return spent + now - paused.since >= order.longestPause ? 'watch.maxPauseMinutes were over' : undefined
}

const rested = 'the image was at rest again'

/** Given the state and why the pause ended, return the state after it: what ended otherwise is not tried again. */
export function afterPause({ paused, ...state }: PauseState, now: number, why: string): PauseState {
  if (paused === undefined) return state
  return { ...state, spent: state.spent + now - paused.since, over: why !== rested }
}
