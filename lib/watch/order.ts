import type { UsageState } from '../mount/usage.js'
import type { Platform, Tools } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'

/** An image that is watched. */
export interface WatchedImage {
  readonly slot: string
  /** Short name of its user. */
  readonly user: string
  readonly container: 'sparse-bundle' | 'sparse-image'
  /** Where it may lie: first where it lies now, then the other of its user's homes. */
  readonly places: readonly RawPath[]
  readonly device: number
  readonly inode: number
  /** Who used it when the plan was made. */
  readonly state: UsageState
}

/** A process, told apart from a later one with the same id by its start time. */
export interface WatchedProcess {
  readonly pid: number
  readonly startTime: string
}

/** What is done, besides noting it, when an image comes into use that rsync is copying. */
export interface ReactionOrder {
  readonly mode: 'pause' | 'stop'
  /** The images that are copied and were in no use when the plan was made. */
  readonly images: readonly {
    readonly slot: string
    /** Where it may lie, and where its copy grows: who has a file open there is at this image. */
    readonly places: readonly RawPath[]
  }[]
  /** rsync stands still no longer in one run, milliseconds. */
  readonly longestPause: number
  /** Where the copies go; a volume of an image that holds them is no reason to let rsync go on. */
  readonly destination: RawPath
}

/** What a watch is to do, from its start to its end; plain data. */
export interface WatchOrder {
  readonly run: string
  readonly stateFolder: RawPath
  readonly images: readonly WatchedImage[]
  /** What is copied, as it was when the run began. */
  readonly source: { readonly path: RawPath; readonly device: number; readonly inode: number }
  /** The run froze images in the staging folder, which are removed when LBackup is gone. */
  readonly staging?: boolean
  /** LBackup's. */
  readonly excludesFile: RawPath
  /** The watch ends when this LBackup is gone. */
  readonly lbackup: WatchedProcess & { readonly bootId: string }
  /** Seconds between two looks. */
  readonly interval: number
  /** undefined: what happens is noted, no more. */
  readonly reaction?: ReactionOrder
  /** It ends at this moment at the latest, milliseconds since 1970. */
  readonly until: number
  readonly platform: Platform
  readonly tools: Tools
  /** Limit on each program called, in seconds. */
  readonly commandSeconds: number
}
