// Made from schemas/daemon.schema.json by npm run generate.

/**
 * A moment in UTC, ISO 8601.
 */
export type Time = string
/**
 * The place an image belongs: the same whether it lies in /Users/bob or /Users/.bob.
 */
export type SlotId = string
/**
 * Where the image lies then, or lay last; or the folder that is searched.
 */
export type PrintablePath = string

/**
 * One line of daemon/history.jsonl in the state folder: what the daemon saw between backups.
 */
export interface DaemonLine {
  readonly at: Time
  /**
   * begin, end: of the daemon. login, logout: of the user of an image. attached, detached: something uses an image, nothing does. moved: it lies under another path. appeared: an image nobody knew was found. replaced: another image lies at its place. vanished: it lies nowhere that was searched. unmounted: the volume it lay on is not mounted. returned: it lies again where it lay. frozen: it was frozen in the staging folder. not-frozen: that failed. root-lost: a folder that is searched is not there, or another volume is mounted on it or none; nothing is said of its images until root-back. gap: the daemon or the machine stood still, slept, or its clock was set. lost: so many lines could not be written.
   */
  readonly event:
    | 'begin'
    | 'end'
    | 'login'
    | 'logout'
    | 'attached'
    | 'detached'
    | 'moved'
    | 'appeared'
    | 'replaced'
    | 'vanished'
    | 'unmounted'
    | 'returned'
    | 'frozen'
    | 'not-frozen'
    | 'root-lost'
    | 'root-back'
    | 'gap'
    | 'lost'
  readonly slot?: SlotId
  /**
   * Short name of the image's user.
   */
  readonly user?: string
  readonly path?: PrintablePath
  /**
   * Half a sentence for an administrator.
   */
  readonly detail?: string
}
