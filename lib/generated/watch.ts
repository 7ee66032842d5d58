// Made from schemas/watch.schema.json by npm run generate.

/**
 * A moment in UTC, ISO 8601.
 */
export type Time = string
/**
 * The place an image belongs: the same whether it lies in /Users/bob or /Users/.bob.
 */
export type SlotId = string

/**
 * One line of watch.jsonl in the state folder: what was seen while rsync ran.
 */
export interface WatchLine {
  readonly at: Time
  /**
   * begin: the watch looked for the first time. moved: the image lies in the other of its homes, as after a login or logout. vanished: it lies at none of its places. returned: it lies where it lay at first. changed: a member changed that changes only while an image is attached. attached, detached: something uses it, nothing does. login, logout: of the user of an image, or of anybody where no slot is named. paused, resumed: rsync was made to stand still for the image, and went on. not-paused: rsync was at an image that came into use, and could not be paused. stopped: rsync was ended for the image. snapshot-lost: the snapshot that is copied is no longer mounted. gap: the watch, or the machine, stood still. end: the watch ended.
   */
  readonly event:
    | 'begin'
    | 'moved'
    | 'vanished'
    | 'returned'
    | 'changed'
    | 'attached'
    | 'detached'
    | 'login'
    | 'logout'
    | 'paused'
    | 'resumed'
    | 'not-paused'
    | 'stopped'
    | 'snapshot-lost'
    | 'gap'
    | 'end'
  /**
   * Of begin: the run it belongs to.
   */
  readonly run?: string
  readonly process?: WatchProcess
  readonly slot?: SlotId
  /**
   * Of paused and stopped: rsync's processes.
   */
  readonly processes?: readonly WatchProcess[]
  /**
   * Half a sentence for an administrator.
   */
  readonly detail?: string
}
/**
 * A process: of begin, the watch itself.
 */
export interface WatchProcess {
  /**
   * Process id.
   */
  readonly pid: number
  /**
   * When it started, in the system's own words.
   */
  readonly startTime: string
}
