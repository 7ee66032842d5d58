// Made from schemas/inspection.schema.json by npm run generate.

/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time = string
/**
 * A kebab-case noun that never changes its meaning.
 */
export type Code = string

/**
 * What inspect prints with --json: all that can be told of one image.
 */
export interface Inspection {
  /**
   * Name and version of this format.
   */
  readonly schema: 'inspection/1'
  readonly path: PrintablePath
  /**
   * A folder of bands, or one file.
   */
  readonly container: 'sparse-bundle' | 'sparse-image'
  /**
   * false: the name says image, the content does not.
   */
  readonly recognised: boolean
  /**
   * Kind of the encryption header; unknown where it is damaged or cannot be read.
   */
  readonly encryption: 'none' | 'v1' | 'v2' | 'unknown'
  /**
   * UUID of the encryption header.
   */
  readonly uuid?: string
  readonly header?: InspectedHeader
  /**
   * Says whether the thing in a slot is still the same image.
   */
  readonly identity: string
  /**
   * User id of the image's owner.
   */
  readonly ownerUid: number
  readonly usage: RecordedUsage
  readonly counts: InspectionCounts
  readonly newestChange: Time
  readonly timeMachine?: InspectedTimeMachine
  readonly inside: InspectedInside
  /**
   * What was found in the image.
   */
  readonly findings: readonly ReportedFinding[]
}
/**
 * What the encryption header tells; absent where there is none or it is damaged.
 */
export interface InspectedHeader {
  /**
   * How the data is encrypted.
   */
  readonly cipher: 'AES-128' | 'AES-256' | 'unknown'
  /**
   * Bytes of a cipher block.
   */
  readonly blockSize: number
  /**
   * What opens the image.
   */
  readonly keys: readonly InspectedKey[]
}
/**
 * One key record of an encryption header.
 */
export interface InspectedKey {
  /**
   * What opens it.
   */
  readonly kind: 'passphrase' | 'certificate' | 'keybag' | 'unknown'
  /**
   * Rounds of PBKDF2 that a passphrase takes.
   */
  readonly rounds?: number
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
 * How much there is of it.
 */
export interface InspectionCounts {
  /**
   * Number of members.
   */
  readonly members: number
  /**
   * Bands that are there; of an encrypted sparse image only where it was opened.
   */
  readonly bands: number
  /**
   * Bands that the disk inside has room for.
   */
  readonly possibleBands: number
  /**
   * Bands shorter than the band size.
   */
  readonly shortBands: number
  /**
   * Sum of the members' sizes.
   */
  readonly bytes: number
  /**
   * Size in bytes of the disk inside; 0 where it cannot be read.
   */
  readonly virtualBytes: number
  /**
   * What the members take on their volume, in bytes.
   */
  readonly allocated: number
}
/**
 * What Time Machine says of a bundle of its own.
 */
export interface InspectedTimeMachine {
  /**
   * Its VerificationState; 2: it found the bundle damaged.
   */
  readonly state?: number
  readonly checked?: Time
  /**
   * How many backups it lists.
   */
  readonly backups?: number
  readonly newestBackup?: Time
}
/**
 * The disk inside, as far as it could be read.
 */
export interface InspectedInside {
  /**
   * Why it was not read.
   */
  readonly notRead?: string
  /**
   * What its partition map lists.
   */
  readonly partitions: readonly InspectedPartition[]
  /**
   * The file systems that are known here.
   */
  readonly volumes: readonly InspectedVolume[]
}
/**
 * One partition.
 */
export interface InspectedPartition {
  /**
   * Its number, as export --partition takes it.
   */
  readonly index: number
  /**
   * The kind of map.
   */
  readonly scheme: 'gpt' | 'apm' | 'mbr'
  /**
   * Where it begins, in bytes.
   */
  readonly offset: number
  /**
   * Bytes.
   */
  readonly length: number
  /**
   * As its map says: a GUID, a name, or two hex digits.
   */
  readonly type: string
  /**
   * Its name; empty where the map has none.
   */
  readonly name: string
}
/**
 * One volume.
 */
export interface InspectedVolume {
  /**
   * The number of its partition; null where it fills the disk.
   */
  readonly partition: number | null
  /**
   * The file system.
   */
  readonly kind: 'hfs' | 'hfs+' | 'hfsx' | 'apfs' | 'fat12' | 'fat16' | 'fat32' | 'exfat'
  /**
   * Its name.
   */
  readonly name: string
  /**
   * Its size in bytes.
   */
  readonly bytes: number
  /**
   * By an encryption of its own.
   */
  readonly encrypted: boolean
  /**
   * It was unmounted in order.
   */
  readonly clean: boolean
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
