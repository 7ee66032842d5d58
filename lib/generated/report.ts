// Made from schemas/report.schema.json by npm run generate.

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
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath = string
/**
 * What is known of tonight's copy: proven (every byte equals one moment of the source), complete (the structure is right; not compared), not-backed-up (left out by policy), suspect (in use or changed during the copy and not proven), bad (mixed, incomplete, damaged, absent or unreadable), not-judged-yet (the post hook has not run).
 */
export type Verdict = 'proven' | 'complete' | 'not-backed-up' | 'suspect' | 'bad' | 'not-judged-yet'
/**
 * A kebab-case noun that never changes its meaning.
 */
export type Code = string

/**
 * report.json in the state folder, the standard input of report.command, and what pre and post print with --json.
 */
export interface Report {
  /**
   * Name and version of this format.
   */
  readonly schema: 'report/1'
  /**
   * Id of the run.
   */
  readonly run: string
  /**
   * pre: before LBackup copies. post: after it. late: the next pre hook, judging a run whose post hook never ran.
   */
  readonly phase: 'pre' | 'post' | 'late'
  readonly startedAt: Time
  readonly finishedAt: Time
  readonly severity: RunSeverity
  /**
   * Exit code of the hook: 0 fine, 1 warnings or errors, 129 the pre hook stops LBackup.
   */
  readonly exitCode: number
  /**
   * One line.
   */
  readonly summary: string
  /**
   * Every image of the run, with its verdict.
   */
  readonly images: readonly ReportImage[]
  /**
   * What was found about the run itself.
   */
  readonly findings: readonly ReportedFinding[]
  readonly counts: ReportCounts
  /**
   * What to do, most urgent first.
   */
  readonly cures: readonly string[]
}
/**
 * One image and what is known of its copy.
 */
export interface ReportImage {
  readonly slot: SlotId
  readonly path: PrintablePath
  /**
   * The user whose image this is.
   */
  readonly user: string
  readonly verdict: Verdict
  readonly loudness: RunSeverity
  /**
   * Why, in one sentence.
   */
  readonly reason: string
  /**
   * Users, programs and machines that use it.
   */
  readonly usedBy: readonly string[]
  readonly decision?: RecordedDecision
  /**
   * What was found in the image or its copy.
   */
  readonly findings: readonly ReportedFinding[]
  /**
   * Sum of the members' sizes.
   */
  readonly bytes: number
  /**
   * Number of members.
   */
  readonly members: number
  /**
   * Seconds the run waited for the image.
   */
  readonly waitedSeconds: number
}
/**
 * What the policy said of one image in this run, with its reason.
 */
export interface RecordedDecision {
  /**
   * What was done with the image.
   */
  readonly action: 'copy' | 'copy-and-prove' | 'leave-out' | 'contents' | 'halt'
  readonly code: Code
  /**
   * One sentence for an administrator.
   */
  readonly reason: string
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
/**
 * How much was looked at.
 */
export interface ReportCounts {
  /**
   * Images of the run.
   */
  readonly images: number
  /**
   * Images whose copy was judged.
   */
  readonly judged: number
  /**
   * Copies that are complete or proven.
   */
  readonly complete: number
  /**
   * Suspect copies.
   */
  readonly suspect: number
  /**
   * Bad copies.
   */
  readonly bad: number
  /**
   * Images that were left out.
   */
  readonly notBackedUp: number
  /**
   * Entries of folders looked at.
   */
  readonly entries: number
  /**
   * Members of images looked at.
   */
  readonly members: number
  /**
   * Bytes the copies hold.
   */
  readonly bytes: number
  /**
   * How long the hook took.
   */
  readonly seconds: number
}
