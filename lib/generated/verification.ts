// Made from schemas/verification.schema.json by npm run generate.

/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath = string
/**
 * A kebab-case noun that never changes its meaning.
 */
export type Code = string

/**
 * What verify prints with --json: the structure of images and of their copies.
 */
export interface Verification {
  /**
   * Name and version of this format.
   */
  readonly schema: 'verification/1'
  /**
   * One for each image named and for each copy, in the order of the sections.
   */
  readonly results: readonly VerifiedImage[]
  readonly counts: VerificationCounts
}
/**
 * One image or copy.
 */
export interface VerifiedImage {
  readonly path: PrintablePath
  /**
   * The section whose copy it is; null for what was named.
   */
  readonly section: number | null
  /**
   * complete: the structure is right; the bytes were not compared. damaged: it is not, or this is no image. absent: nothing is there. unreadable: it could not be looked at.
   */
  readonly state: 'complete' | 'damaged' | 'absent' | 'unreadable'
  /**
   * A folder of bands, or one file; null where there is none.
   */
  readonly container: ('sparse-bundle' | 'sparse-image') | null
  /**
   * Kind of the encryption header; unknown where it is damaged; null where there is no image.
   */
  readonly encryption: ('none' | 'v1' | 'v2' | 'unknown') | null
  /**
   * It is in use now: contradictions that writing explains are no damage.
   */
  readonly inUse: boolean
  readonly counts: VerifiedCounts
  readonly inside?: VerifiedInside
  /**
   * What was found in it.
   */
  readonly findings: readonly ReportedFinding[]
}
/**
 * How much was looked at of one.
 */
export interface VerifiedCounts {
  /**
   * Number of members.
   */
  readonly members: number
  /**
   * Bands that are there.
   */
  readonly bands: number
  /**
   * Sum of the members' sizes.
   */
  readonly bytes: number
}
/**
 * What came of checking the disk inside; left out where nobody asked for it.
 */
export interface VerifiedInside {
  /**
   * false: it was not checked.
   */
  readonly checked: boolean
  /**
   * What the disk holds, or why it was not checked.
   */
  readonly says: string
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
 * How much was looked at in all.
 */
export interface VerificationCounts {
  /**
   * Complete ones.
   */
  readonly complete: number
  /**
   * Damaged ones.
   */
  readonly damaged: number
  /**
   * Absent ones.
   */
  readonly absent: number
  /**
   * Unreadable ones.
   */
  readonly unreadable: number
  /**
   * Number of members.
   */
  readonly members: number
  /**
   * Bands.
   */
  readonly bands: number
  /**
   * Sum of the members' sizes.
   */
  readonly bytes: number
  /**
   * How long it took.
   */
  readonly seconds: number
}
