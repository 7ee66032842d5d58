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

/** What a watch is to do, from its start to its end; plain data. */
export interface WatchOrder {
  readonly run: string
  readonly stateFolder: RawPath
  readonly images: readonly WatchedImage[]
  /** What is copied, as it was when the run began. */
  readonly source: { readonly path: RawPath; readonly device: number; readonly inode: number }
  /** LBackup's. */
  readonly excludesFile: RawPath
  /** The watch ends when this LBackup is gone. */
  readonly lbackup: WatchedProcess & { readonly bootId: string }
  /** Seconds between two looks. */
  readonly interval: number
  /** It ends at this moment at the latest, milliseconds since 1970. */
  readonly until: number
  readonly platform: Platform
  readonly tools: Tools
  /** Limit on each program called, in seconds. */
  readonly commandSeconds: number
}
