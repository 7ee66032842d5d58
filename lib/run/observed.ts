import type { Discovery } from '../discover/discovery.js'
import type { Image } from '../image/image.js'
import type { Structure } from '../image/structure-type.js'
import type { Usage } from '../mount/usage.js'
import type { FileVaultAccount } from '../session/session.js'
import type { StagedImage } from '../generated/run.js'
import type { RawPath } from '../text/raw-path.js'

/** One image with everything seen of it. */
export interface Observed {
  readonly image: Image
  readonly structure: Structure
  readonly usage: Usage
  /** Its FileVault account, else its owner. */
  readonly user: string
  /** Its place in a section, relative to it; undefined: it lies outside the backup's source. */
  readonly copyPath: RawPath | undefined
  /** Where rsync is to read it, in the staging folder; left out where that is where it lies. */
  readonly stagedAt?: RawPath
  /** How it stands there. */
  readonly staged?: StagedImage
}

/** Given an image of the plan, return where rsync reads it. */
export const readAt = ({ image, stagedAt }: Pick<Observed, 'image' | 'stagedAt'>): RawPath => stagedAt ?? image.path

export interface Observation {
  readonly images: readonly Observed[]
  readonly accounts: readonly FileVaultAccount[]
  readonly discovery: Discovery
  /** Where volumes of any disk image are mounted on this machine, found by the search or not. */
  readonly volumes: readonly RawPath[]
  /** What could not be found out, a sentence each. */
  readonly problems: readonly string[]
}
