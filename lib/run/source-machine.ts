import type { AttachedVolumes } from '../mount/attached-volume.js'
import type { Usage, UsageSubject } from '../mount/usage.js'
import type { SourceSide } from '../prove/source-side.js'
import type { AccountLook } from '../session/accounts.js'
import type { FoundImage } from '../session/home-folders.js'
import type { SessionLook } from '../session/sessions.js'
import type { Image } from '../image/image.js'
import type { Platform } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'
import type { Work } from './work.js'

/** Who uses the images, and where volumes of images are mounted, as found out at one moment. */
export interface Uses {
  readonly usages: ReadonlyMap<RawPath, Usage>
  readonly attached: AttachedVolumes
}

/** An image as it lies there now. */
export type Place = Pick<UsageSubject, 'device' | 'inode'>

/**
 * The machine whose images are backed up, and every look at it that a run takes. All beats of a run are the same whether
 * that is this machine or a client; only what stands behind this differs.
 */
export interface SourceMachine extends Work {
  /** It is this machine: its paths are paths here. */
  readonly here: boolean
  readonly platform: Platform
  /** The FileVault accounts; see `lookAtAccounts`. */
  accounts(images: readonly FoundImage[]): Promise<AccountLook>
  /** Who uses these images. `quietSeconds`: see `UsageOptions`. */
  uses(subjects: readonly UsageSubject[], quietSeconds: number): Promise<Uses>
  /** The names of its users by uid. */
  userNames(): Promise<ReadonlyMap<number, string>>
  sessions(): Promise<SessionLook>
  /** Which file or folder lies at a path; undefined: none. */
  placeOf(path: RawPath): Promise<Place | undefined>
  /** An image as the source of a comparison. */
  side(image: Pick<Image, 'path' | 'container'>): SourceSide
  /**
   * Given an image, names of its members and a held, empty folder of ours, return the path of an image on this machine
   * that holds these members as they are now, with owner, mode and times: the image itself, or what was fetched into the
   * folder. Throws OperationalError.
   */
  fetch(image: Pick<Image, 'path' | 'container'>, members: readonly RawPath[], into: RawPath): Promise<RawPath>
  /** Nothing more is asked in this run. */
  close(): Promise<void>
}
