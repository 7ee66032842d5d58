import type { RawPath } from '../text/raw-path.js'

/**
 * Who uses an image now. `changing`: two looks differ. `in-use-elsewhere`: another machine holds it. `unknown`: it could
 * not be found out, or its users may be on machines that cannot be seen from here.
 */
export type UsageState = 'detached' | 'attached' | 'changing' | 'in-use-elsewhere' | 'unknown'

export interface Usage {
  readonly state: UsageState
  /** Why we say so, one short sentence each: `open in diskimages-helper (pid 312)`. Never empty. */
  readonly evidence: readonly string[]
  /** Names for "in use by": users, programs, machines; may be empty. */
  readonly usedBy: readonly string[]
  /** Where volumes of the image are mounted on this machine, absolute. */
  readonly mountPoints: readonly RawPath[]
}

/** What the mount look needs of an image. */
export interface UsageSubject {
  readonly path: RawPath
  readonly container: 'sparse-bundle' | 'sparse-image'
  readonly device: number
  readonly inode: number
  /** Fingerprints of two looks (see `Structure.fingerprint`) and the seconds between them; absent: only one look. */
  readonly looks?: { readonly first: string; readonly second: string; readonly secondsApart: number }
}
