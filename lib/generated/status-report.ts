// Made from schemas/status-report.schema.json by npm run generate.

/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
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
 * The place an image belongs: the same whether it lies in /Users/bob or /Users/.bob.
 */
export type SlotId = string
/**
 * What is known of tonight's copy: proven (every byte equals one moment of the source), complete (the structure is right; not compared), not-backed-up (left out by policy), suspect (in use or changed during the copy and not proven), bad (mixed, incomplete, damaged, absent or unreadable), not-judged-yet (the post hook has not run).
 */
export type Verdict = 'proven' | 'complete' | 'not-backed-up' | 'suspect' | 'bad' | 'not-judged-yet'
/**
 * A moment in UTC, ISO 8601.
 */
export type Time1 = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time2 = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time3 = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time4 = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time5 = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time6 = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time7 = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time8 = string
/**
 * A kebab-case noun that never changes its meaning.
 */
export type Code = string

/**
 * What status prints with --json: what the last runs said, and what somebody must be told.
 */
export interface StatusReport {
  /**
   * Name and version of this format.
   */
  readonly schema: 'status-report/1'
  readonly configuration: PrintablePath
  readonly stateFolder: PrintablePath
  readonly at: Time
  readonly severity: RunSeverity
  /**
   * The last run; null before the first.
   */
  readonly lastRun: RunSummary | null
  readonly lastPost?: RunSummary
  /**
   * Every slot of the last runs.
   */
  readonly slots: readonly SlotStatus[]
  /**
   * What became of each slot over the last 30 runs; without those of which no run is known.
   */
  readonly trends: readonly SlotTrend[]
  /**
   * The images that the pre-backup hook waits for at this moment; absent: it does not wait.
   */
  readonly waiting?: readonly AwaitedImage[]
  /**
   * What somebody must be told, errors first.
   */
  readonly problems: readonly ReportedFinding[]
}
/**
 * One run in a few words; as lastPost the newest one whose post hook ran.
 */
export interface RunSummary {
  /**
   * Id of the run.
   */
  readonly id: string
  readonly startedAt: Time
  readonly finishedAt: Time
  readonly severity: RunSeverity
  /**
   * One line.
   */
  readonly summary: string
  /**
   * The post hook of this run has run.
   */
  readonly post: boolean
  /**
   * Seconds the run waited before rsync; left out where it did not.
   */
  readonly waitedSeconds?: number
  /**
   * Seconds rsync was stopped; left out where it was not.
   */
  readonly pausedSeconds?: number
}
/**
 * One slot and what is known of its newest copy.
 */
export interface SlotStatus {
  readonly slot: SlotId
  readonly path: PrintablePath
  /**
   * The user whose image this is.
   */
  readonly user: string
  readonly lastVerdict: Verdict
  readonly lastAt: Time
  readonly lastCompleteAt?: Time
  /**
   * Why, in one sentence.
   */
  readonly reason: string
  /**
   * Inode of the section that holds the newest copy known to be complete; it stays when the section is renamed.
   */
  readonly lastCompleteSection?: number
  readonly firstSeenAt?: Time1
  /**
   * Whether the folder of the image lay on the volume of the backup's source when it was seen last. Elsewhere a missing image may only be a missing volume.
   */
  readonly onSourceVolume?: boolean
  readonly goneSince?: Time2
  readonly kept?: SlotKept
  readonly drill?: RestoreDrill
}
/**
 * Which copies of the slot are known, and what keeping them costs.
 */
export interface SlotKept {
  readonly newestGood?: Time3
  /**
   * Where it lies: Section.N, or store.
   */
  readonly newestGoodIn?: string
  readonly bestKnown?: Time4
  /**
   * Where it lies: Section.N, or store.
   */
  readonly bestKnownIn?: string
  /**
   * How many copies of it the store holds.
   */
  readonly generations: number
  /**
   * Bytes on the backup disk that only the store holds.
   */
  readonly heldBytes: number
  /**
   * true: the kept copies share their data with the sections, so whoever writes into one changes the other.
   */
  readonly shared: boolean
}
/**
 * The last trial restore of this slot.
 */
export interface RestoreDrill {
  readonly at: Time
  readonly madeAt: Time5
  /**
   * true: every byte could be read and was the one that the manifest names.
   */
  readonly ok: boolean
  /**
   * What came of it, in one sentence.
   */
  readonly text: string
}
/**
 * What became of one slot over the last 30 runs that were to back it up.
 */
export interface SlotTrend {
  readonly slot: SlotId
  /**
   * How many runs these are; fewer than 30 where fewer are known.
   */
  readonly runs: number
  /**
   * How many of them left a copy of which nothing wrong is known.
   */
  readonly backedUp: number
  /**
   * How many of these copies are suspect.
   */
  readonly suspect: number
  /**
   * How many runs, up to the newest one, did not back it up one after another; also more than 30.
   */
  readonly notBackedUpInARow: number
  readonly notBackedUpSince?: Time6
  /**
   * How many of the runs waited for it.
   */
  readonly waited: number
  /**
   * Seconds they waited, together.
   */
  readonly waitedSeconds: number
  /**
   * In how many of the runs rsync was stopped because of it.
   */
  readonly paused: number
  /**
   * For how many seconds, together.
   */
  readonly pausedSeconds: number
  /**
   * Users, programs and machines that used it, those of the newest run first.
   */
  readonly usedBy: readonly string[]
  readonly last: HistoryImage
}
/**
 * The newest of these runs.
 */
export interface HistoryImage {
  readonly slot: SlotId
  readonly verdict: Verdict
  /**
   * What was decided; left out where no plan named the image.
   */
  readonly action?: 'copy' | 'copy-and-prove' | 'leave-out' | 'contents' | 'halt'
  /**
   * false: the administrator's own excludes leave it out, it lies outside of the source, or it holds the backup itself; no run is to back it up.
   */
  readonly expected: boolean
  /**
   * This run left a copy of it of which nothing wrong is known: proven, complete or suspect. An older copy at its place is none.
   */
  readonly backedUp: boolean
  /**
   * Seconds the run waited for it before rsync.
   */
  readonly waitedSeconds: number
  /**
   * Seconds rsync was stopped because of it.
   */
  readonly pausedSeconds: number
  /**
   * Why, in one sentence; a long one is cut.
   */
  readonly reason: string
  /**
   * Users, programs and machines that used it or were waited for, without process ids.
   */
  readonly usedBy: readonly string[]
}
/**
 * One image that is waited for.
 */
export interface AwaitedImage {
  readonly slot: SlotId
  readonly path: PrintablePath
  /**
   * The user whose image this is.
   */
  readonly user: string
  /**
   * What used it when the wait began.
   */
  readonly usedBy: readonly string[]
  readonly since: Time7
  readonly until: Time8
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
