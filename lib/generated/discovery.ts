// Made from schemas/discovery.schema.json by npm run generate.

/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath = string
/**
 * The worst of a run: fine is exit code 0, warning and error are 1, an error of the pre hook is 129.
 */
export type RunSeverity = 'fine' | 'warning' | 'error'
/**
 * A kebab-case noun that never changes its meaning.
 */
export type Code = string

/**
 * What discover prints with --json: every image below some folders.
 */
export interface DiscoveryReport {
  /**
   * Name and version of this format.
   */
  readonly schema: 'discovery/1'
  /**
   * The folders that were searched.
   */
  readonly roots: readonly PrintablePath[]
  readonly severity: RunSeverity
  /**
   * Every image, by its path.
   */
  readonly images: readonly FoundImage[]
  /**
   * What the search could not or would not look into.
   */
  readonly findings: readonly ReportedFinding[]
  readonly counts: DiscoveryCounts
}
/**
 * One image.
 */
export interface FoundImage {
  readonly path: PrintablePath
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
   * User id of the image's owner.
   */
  readonly ownerUid: number
  /**
   * Says whether the thing in a slot is still the same image.
   */
  readonly identity: string
  /**
   * Sum of the members' sizes.
   */
  readonly bytes: number
  /**
   * Number of members.
   */
  readonly members: number
  /**
   * What was found in the image.
   */
  readonly findings: readonly ReportedFinding[]
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
export interface DiscoveryCounts {
  /**
   * Entries of folders.
   */
  readonly entries: number
  /**
   * Folders.
   */
  readonly folders: number
  /**
   * Files opened to see what they are.
   */
  readonly filesOpened: number
  /**
   * How long it took.
   */
  readonly seconds: number
}
