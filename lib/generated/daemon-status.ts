// Made from schemas/daemon-status.schema.json by npm run generate.

/**
 * LBackup's configuration file.
 */
export type PrintablePath = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time = string
/**
 * The worst of a run: fine is exit code 0, warning and error are 1, an error of the pre hook is 129.
 */
export type RunSeverity = 'fine' | 'warning' | 'error'
/**
 * A moment in UTC, ISO 8601.
 */
export type Time1 = string
/**
 * The place an image belongs: the same whether it lies in /Users/bob or /Users/.bob.
 */
export type SlotId = string
/**
 * Where it lies, or lay last.
 */
export type PrintablePath1 = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time2 = string
/**
 * The folder.
 */
export type PrintablePath2 = string
/**
 * Where the image lies then, or lay last; or the folder that is searched.
 */
export type PrintablePath3 = string
/**
 * A kebab-case noun that never changes its meaning.
 */
export type Code = string

/**
 * What daemon status prints with --json.
 */
export interface DaemonStatus {
  /**
   * Name and version of this format.
   */
  readonly schema: 'daemon-status/1'
  readonly configuration: PrintablePath
  readonly at: Time
  readonly severity: RunSeverity
  /**
   * Its unit lies where install puts it.
   */
  readonly installed: boolean
  readonly process?: DaemonProcess
  readonly seen?: DaemonSeen
  /**
   * The newest lines of its history, oldest first.
   */
  readonly history: readonly DaemonLine[]
  /**
   * What is wrong.
   */
  readonly problems: readonly ReportedFinding[]
}
/**
 * The daemon that runs.
 */
export interface DaemonProcess {
  /**
   * Process id.
   */
  readonly pid: number
  readonly since: Time
}
/**
 * daemon/seen.json in the state folder: what the daemon saw last. The next daemon begins with it.
 */
export interface DaemonSeen {
  /**
   * Name and version of this format.
   */
  readonly schema: 'seen/1'
  readonly at: Time1
  /**
   * The images that it follows.
   */
  readonly images: readonly DaemonImage[]
  /**
   * Who of their users was logged in; left out where that is not known.
   */
  readonly users?: readonly string[]
  /**
   * The folders that it searches.
   */
  readonly roots: readonly DaemonRoot[]
}
/**
 * One image.
 */
export interface DaemonImage {
  readonly slot: SlotId
  /**
   * Short name of its user.
   */
  readonly user: string
  readonly path: PrintablePath1
  /**
   * Its inode.
   */
  readonly inode: number
  /**
   * there: at its path. missing: not at the last look. vanished: nowhere that was searched. unmounted: its volume is not mounted.
   */
  readonly lies: 'there' | 'missing' | 'vanished' | 'unmounted'
  /**
   * What used it when that was known last.
   */
  readonly state: 'detached' | 'attached' | 'changing' | 'in-use-elsewhere' | 'unknown'
  readonly frozenAt?: Time2
}
/**
 * One folder that is searched.
 */
export interface DaemonRoot {
  readonly path: PrintablePath2
  /**
   * It is there, with the volume that was mounted.
   */
  readonly stands: boolean
}
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
  readonly path?: PrintablePath3
  /**
   * Half a sentence for an administrator.
   */
  readonly detail?: string
}
/**
 * One thing found, about one image or one run.
 */
export interface ReportedFinding {
  readonly code: Code
  /**
   * How bad it is.
   */
  readonly severity: 'error' | 'warning' | 'info'
  /**
   * The member of the image concerned, relative to the image.
   */
  readonly member?: string
  /**
   * One sentence for an administrator.
   */
  readonly message: string
  /**
   * What to do.
   */
  readonly cure?: string
}
