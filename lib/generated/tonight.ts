// Made from schemas/tonight.schema.json by npm run generate.

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
 * A kebab-case noun that never changes its meaning.
 */
export type Code = string

/**
 * What tonight prints with --json: what a backup that started now would do.
 */
export interface TonightReport {
  /**
   * Name and version of this format.
   */
  readonly schema: 'tonight/1'
  readonly configuration: PrintablePath
  /**
   * LBackup's backupSource as it is written.
   */
  readonly source: string
  readonly at: Time
  /**
   * The source is on another machine: its images cannot be seen before the copy.
   */
  readonly useSSH: boolean
  /**
   * The backup would be halted.
   */
  readonly halt: boolean
  readonly severity: RunSeverity
  /**
   * Every image found, with what would be done with it.
   */
  readonly images: readonly TonightImage[]
  /**
   * What was found about the run as a whole.
   */
  readonly findings: readonly ReportedFinding[]
  /**
   * The lines rsync would be given, in order.
   */
  readonly rules: readonly string[]
  /**
   * Entries of folders looked at.
   */
  readonly entries: number
}
/**
 * One image, and what would be done with it.
 */
export interface TonightImage {
  readonly slot: SlotId
  readonly path: PrintablePath
  /**
   * The user whose image this is.
   */
  readonly user: string
  /**
   * A folder of bands, or one file.
   */
  readonly container: 'sparse-bundle' | 'sparse-image'
  /**
   * Kind of the encryption header; unknown where it is damaged or cannot be read.
   */
  readonly encryption: 'none' | 'v1' | 'v2' | 'unknown'
  /**
   * Sum of the members' sizes.
   */
  readonly bytes: number
  /**
   * Number of members.
   */
  readonly members: number
  readonly usage: RecordedUsage
  /**
   * Where the copy belongs, relative to the section; null where the image lies outside of the source.
   */
  readonly copyPath: PrintablePath | null
  /**
   * What would be done; null where the image lies outside of the source.
   */
  readonly decision: RecordedDecision | null
  /**
   * Minutes the hook would wait for it at most before that.
   */
  readonly waitMinutes?: number
  /**
   * An entry for policies in filevault.json that would let the backup go on.
   */
  readonly paste?: string
  /**
   * What was found in the image itself.
   */
  readonly findings: readonly ReportedFinding[]
}
/**
 * What uses an image, and how that is known.
 */
export interface RecordedUsage {
  /**
   * detached: nothing uses it. attached: its disk is attached on this machine, or a process holds it open. changing: two looks differ. in-use-elsewhere: another machine holds it. unknown: it could not be found out.
   */
  readonly state: 'detached' | 'attached' | 'changing' | 'in-use-elsewhere' | 'unknown'
  /**
   * Why we say so, one short sentence each.
   */
  readonly evidence: readonly string[]
  /**
   * Users, programs and machines that use it.
   */
  readonly usedBy: readonly string[]
  /**
   * Where volumes of the image are mounted on this machine.
   */
  readonly mountPoints: readonly PrintablePath[]
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
