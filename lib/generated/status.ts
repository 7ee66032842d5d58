// Made from schemas/status.schema.json by npm run generate.

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
 * status.json in the state folder: what is known of the last run and of every slot, for monitoring and for the next run.
 */
export interface Status {
  /**
   * Name and version of this format.
   */
  readonly schema: 'status/1'
  readonly configuration: PrintablePath
  readonly stateFolder: PrintablePath
  /**
   * The id in store.json of the backup disk we know; null where none is known yet.
   */
  readonly storeId: string | null
  /**
   * The last run; null before the first.
   */
  readonly lastRun: RunSummary | null
  readonly lastPost?: RunSummary
  /**
   * Every slot ever seen: the next run notices when one is missing.
   */
  readonly slots: readonly SlotStatus[]
  readonly hookEnvironment?: HookEnvironment
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
 * What the hook itself could do at its last run: a terminal may read more than a hook may.
 */
export interface HookEnvironment {
  /**
   * The node program that ran the hook.
   */
  readonly node: string
  /**
   * Search roots it could read.
   */
  readonly readableRoots: readonly PrintablePath[]
  /**
   * Folders and files below them that it could not read.
   */
  readonly unreadable: readonly PrintablePath[]
  readonly at: Time
}
