// Made from schemas/history.schema.json by npm run generate.

/**
 * A moment in UTC, ISO 8601.
 */
export type Time = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time1 = string
/**
 * The place an image belongs: the same whether it lies in /Users/bob or /Users/.bob.
 */
export type SlotId = string
/**
 * What is known of tonight's copy: proven (every byte equals one moment of the source), complete (the structure is right; not compared), not-backed-up (left out by policy), suspect (in use or changed during the copy and not proven), bad (mixed, incomplete, damaged, absent or unreadable), not-judged-yet (the post hook has not run).
 */
export type Verdict = 'proven' | 'complete' | 'not-backed-up' | 'suspect' | 'bad' | 'not-judged-yet'

/**
 * One line of history.jsonl in the state folder: one run, what became of each image in it, and what held it up. Of two lines of one run the later one counts.
 */
export interface HistoryLine {
  /**
   * Name and version of this format.
   */
  readonly schema: 'history/1'
  /**
   * Id of the run.
   */
  readonly run: string
  /**
   * Who wrote it. pre: the pre hook, which halted the backup. post: the post hook. late: the next pre hook, as the post hook never came.
   */
  readonly phase: 'pre' | 'post' | 'late'
  readonly startedAt: Time
  readonly finishedAt: Time1
  /**
   * Seconds the run waited before rsync: as long as for the image that was waited for longest, since all are waited for at the same time.
   */
  readonly waitedSeconds: number
  /**
   * Seconds rsync was stopped, for whichever image.
   */
  readonly pausedSeconds: number
  /**
   * Every image of the run, each slot once.
   */
  readonly images: readonly HistoryImage[]
}
/**
 * One image in one run.
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
