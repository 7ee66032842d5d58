// Made from schemas/staging.schema.json by npm run generate.

/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath = string
/**
 * Inode of the staging folder: where its volume is not mounted, another folder stands at its path.
 */
export type Inode = number
/**
 * The run that put the entries there that are not kept; null: none.
 */
export type Run = string | null
/**
 * true: something is being made there, or was when whoever made it died.
 */
export type Making = boolean
/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath1 = string
/**
 * snapshot: cloned out of a snapshot of its volume, so of one moment. clone: cloned file by file. hard-link: second names of its files. bind: a folder shown read-only.
 */
export type StagingKind = 'snapshot' | 'clone' | 'hard-link' | 'bind'
/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath2 = string
/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath3 = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time = string
/**
 * What stands there, by name.
 */
export type Entries = readonly StagedEntry[]

/**
 * staging.json in the state folder: what of ours stands in the staging folder. Written before anything is put there and after it is gone.
 */
export interface StagingBook {
  /**
   * Name and version of this format.
   */
  readonly schema: 'staging/1'
  readonly folder: PrintablePath
  readonly inode: Inode
  readonly run: Run
  readonly making?: Making
  readonly entries: Entries
  /**
   * What stands in other folders, which were not there when they were looked for last: their volumes were not mounted.
   */
  readonly aside?: readonly NotedFolder[]
}
/**
 * One folder of ours in the staging folder: a slot that holds an image, or a plain folder.
 */
export interface StagedEntry {
  readonly name: PrintablePath1
  readonly kind: StagingKind
  /**
   * false: it is being made, or what is left of it is to be removed.
   */
  readonly standing: boolean
  readonly path: PrintablePath2
  readonly image?: PrintablePath3
  /**
   * A folder of bands, or one file; left out for a plain folder.
   */
  readonly container?: 'sparse-bundle' | 'sparse-image'
  /**
   * Says whether the image in the slot is still the same.
   */
  readonly identity?: string
  /**
   * Fingerprint of the image itself when it was frozen.
   */
  readonly live?: string
  /**
   * Fingerprint of what stands in the staging folder.
   */
  readonly staged?: string
  readonly takenAt: Time
  readonly atRestSince?: Time
  /**
   * It stays when the run is over.
   */
  readonly kept: boolean
}
/**
 * What of ours stands in one staging folder.
 */
export interface NotedFolder {
  readonly folder: PrintablePath
  readonly inode: Inode
  readonly run: Run
  readonly making?: Making
  readonly entries: Entries
}
