// Made from schemas/run.schema.json by npm run generate.

/**
 * A moment in UTC, ISO 8601.
 */
export type Time = string
/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath = string
/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath1 = string
/**
 * The place an image belongs: the same whether it lies in /Users/bob or /Users/.bob.
 */
export type SlotId = string
/**
 * A kebab-case noun that never changes its meaning.
 */
export type Code = string
/**
 * snapshot: cloned out of a snapshot of its volume, so of one moment. clone: cloned file by file. hard-link: second names of its files. bind: a folder shown read-only.
 */
export type StagingKind = 'snapshot' | 'clone' | 'hard-link' | 'bind'

/**
 * run.json in the state folder: written by the pre hook, read by the post hook and by the next pre hook.
 */
export interface RunRecord {
  /**
   * Name and version of this format.
   */
  readonly schema: 'run/1'
  /**
   * The images at the source were looked at before the copy. Left out by earlier versions, which looked at those of this machine only.
   */
  readonly sourceLookedAt?: boolean
  /**
   * Names this run, also in the marker lines of the excludes block.
   */
  readonly id: string
  /**
   * How far the run came. observing: facts are gathered, nothing was changed. acting: the pre hook may have written its excludes block. backing-up: the pre hook is done, LBackup copies. finished: the post hook is done, or the next pre hook put right what was left.
   */
  readonly state: 'observing' | 'acting' | 'backing-up' | 'finished'
  readonly startedAt: Time
  readonly finishedAt?: Time
  /**
   * Changes when the machine starts: a process id is only worth something together with it.
   */
  readonly bootId: string
  /**
   * LBackup's process; null where it could not be told.
   */
  readonly lbackup: RecordedProcess | null
  /**
   * Name of this machine.
   */
  readonly host: string
  /**
   * What kind of machine this is.
   */
  readonly platform: 'macos' | 'linux'
  readonly backupSource: PrintablePath
  readonly source: PrintablePath1
  /**
   * backupSource ends in a slash: its contents, not the folder, are copied.
   */
  readonly sourceTrailingSlash: boolean
  readonly backupDest: PrintablePath
  /**
   * LBackup's useSSH is YES: the source is on another machine.
   */
  readonly useSSH: boolean
  /**
   * LBackup's numRotations.
   */
  readonly numRotations: number
  /**
   * Section.0 as it was before this run; null where there was none.
   */
  readonly sectionZero: RecordedSection | null
  /**
   * The id in store.json on the backup disk; null where nothing was written there yet.
   */
  readonly storeId: string | null
  /**
   * LBackup's excludes file; null where the configuration has none.
   */
  readonly excludesFile: PrintablePath | null
  /**
   * Our block is in force in the excludes file.
   */
  readonly excludesBlock: boolean
  /**
   * Every image found, with what was decided.
   */
  readonly images: readonly RunImage[]
  /**
   * Homes of FileVault accounts, for which the excludes block holds standing rules.
   */
  readonly homes: readonly RunHome[]
  /**
   * What was found about the run itself.
   */
  readonly findings: readonly ReportedFinding[]
  /**
   * Where volumes of disk images were mounted inside the source when the plan was made.
   */
  readonly mountPoints: readonly PrintablePath[]
  /**
   * Every file of the source was opened to look for images, whatever its name.
   */
  readonly everyFile: boolean
}
/**
 * A process, told apart from a later one with the same id by its start time.
 */
export interface RecordedProcess {
  /**
   * Process id.
   */
  readonly pid: number
  /**
   * When the process started, in the system's own words.
   */
  readonly startTime: string
}
/**
 * A section folder as seen at a moment.
 */
export interface RecordedSection {
  /**
   * Inode of the folder.
   */
  readonly inode: number
}
/**
 * One image of the source, and what this run does with it.
 */
export interface RunImage {
  readonly slot: SlotId
  readonly path: PrintablePath
  /**
   * Where the copy belongs, relative to the section; null where the image lies outside of backupSource.
   */
  readonly copyPath: PrintablePath | null
  /**
   * A folder of bands, or one file.
   */
  readonly container: 'sparse-bundle' | 'sparse-image'
  /**
   * Kind of the encryption header; unknown where it is damaged or cannot be read.
   */
  readonly encryption: 'none' | 'v1' | 'v2' | 'unknown'
  /**
   * false: the name says image, the content does not.
   */
  readonly recognised: boolean
  /**
   * Says whether the thing in the slot is still the same image.
   */
  readonly identity: string
  /**
   * User id of the image's owner.
   */
  readonly ownerUid: number
  /**
   * The user whose image this is.
   */
  readonly user: string
  readonly usage: RecordedUsage
  readonly decision: RecordedDecision
  /**
   * Seconds this run waited for the image.
   */
  readonly waitedSeconds: number
  /**
   * Users, programs and machines that used it while it was waited for; left out where it was not waited for.
   */
  readonly waitedFor?: readonly string[]
  readonly staged?: StagedImage
  /**
   * sha256 over every member as seen at the end of the pre hook; null where the image was not read.
   */
  readonly fingerprint: string | null
  /**
   * Sum of the members' sizes.
   */
  readonly bytes: number
  /**
   * Number of members.
   */
  readonly members: number
  /**
   * What was found in the image itself before the copy.
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
 * A FileVault account's home.
 */
export interface RunHome {
  /**
   * The account.
   */
  readonly user: string
  readonly home: PrintablePath
  readonly hiddenHome: PrintablePath
  readonly imageName: PrintablePath
  /**
   * The policy asks for the clear text of this home by name.
   */
  readonly contentsWanted: boolean
}
