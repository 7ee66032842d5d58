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
 * snapshot: cloned out of a snapshot of its volume, so of one moment. clone: cloned file by file. hard-link: second names of its files. bind: a folder shown read-only.
 */
export type StagingKind = 'snapshot' | 'clone' | 'hard-link' | 'bind'
/**
 * A kebab-case noun that never changes its meaning.
 */
export type Code = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time1 = string

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
  readonly staged?: StagedImage
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
  /**
   * Users, programs and machines that used it while it was waited for; left out where it was not waited for.
   */
  readonly waitedFor?: readonly string[]
  /**
   * Seconds rsync was stopped because of the image; left out where it was not.
   */
  readonly pausedSeconds?: number
  readonly proof?: ReportProof
  readonly kept?: ReportKept
}
/**
 * How an image stands in the staging folder during a run.
 */
export interface StagedImage {
  readonly place: PrintablePath
  readonly kind: StagingKind
  readonly takenAt: Time
  readonly atRestSince?: Time
  /**
   * It was frozen before this run began, and not again by it.
   */
  readonly frozenBefore?: boolean
  /**
   * Why it could not be frozen again, although it was to be; half a sentence.
   */
  readonly notFrozenAnew?: string
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
 * What comparing the copy with the image came to.
 */
export interface ReportProof {
  /**
   * proven: every byte of the copy equals one moment of the image. wrong: members of the copy are known to be wrong. unfinished: the time was over, nothing wrong so far. moved-on: the image changed after the copy. source-unreadable: the image could not be read to its end.
   */
  readonly result: 'proven' | 'wrong' | 'unfinished' | 'moved-on' | 'source-unreadable'
  /**
   * Members the image and its copy have.
   */
  readonly members: number
  /**
   * Members whose bytes are known to be equal or not.
   */
  readonly checked: number
  /**
   * Files read, of image and copy together.
   */
  readonly read: number
  /**
   * Digests known from earlier nights, of image and copy together.
   */
  readonly reused: number
  /**
   * Bytes read.
   */
  readonly bytesRead: number
  /**
   * How long it took.
   */
  readonly seconds: number
  /**
   * Differences by kind, as they were before anything was repaired.
   */
  readonly wrong: readonly ReportWrong[]
}
/**
 * Members that differ in one way.
 */
export interface ReportWrong {
  /**
   * missed-change: LBackup took it for unchanged. mixed: it changed while it was copied. missing, extra: only in the image, only in the copy. damaged: the copy no longer holds what was copied. unreadable: the copy cannot be read. type, size, time: another one in the copy.
   */
  readonly kind: 'missed-change' | 'mixed' | 'missing' | 'extra' | 'damaged' | 'unreadable' | 'type' | 'size' | 'time'
  /**
   * How many members.
   */
  readonly count: number
  /**
   * The first twenty of them.
   */
  readonly members: readonly string[]
}
/**
 * What was done to the copy after the backup.
 */
export interface ReportKept {
  /**
   * older-copy: an older copy was put at its place. set-aside: so it was, and the bad copy was moved out of the way. repaired: wrong members were copied again, and the copy is proven now. unproven: the copy is bad, nothing better is known, and what LBackup would take for unchanged was removed from it. failed: it could not be done.
   */
  readonly done: 'older-copy' | 'set-aside' | 'repaired' | 'unproven' | 'failed'
  readonly madeAt?: Time1
  /**
   * true: the older copy is one that was proven.
   */
  readonly proven?: boolean
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
   * Copies that are complete and not proven.
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
  /**
   * Seconds the run waited before rsync: as long as for the image that was waited for longest.
   */
  readonly waitedSeconds: number
  /**
   * Seconds rsync was stopped, for whichever image.
   */
  readonly pausedSeconds: number
  /**
   * Copies that are proven.
   */
  readonly proven: number
  /**
   * Bytes read to compare copies with images.
   */
  readonly bytesRead: number
}
