import type { Container, Encryption } from '../image/image.js'
import type { Usage } from '../mount/usage.js'
import type { RawPath } from '../text/raw-path.js'

/** What the policy does with one image tonight. */
export type Action = 'copy' | 'copy-and-prove' | 'leave-out' | 'contents' | 'halt'

/** One fact sheet for `decide`. */
export interface Candidate {
  readonly slot: string
  readonly path: RawPath
  readonly container: Container
  readonly encryption: Encryption
  readonly recognised: boolean
  readonly user: string
  readonly usage: Usage
  /** The image holds backupDest, LBackup's configuration or our own state. */
  readonly ownStore: boolean
  /** The administrator's own excludes leave it out: the pattern file's name; otherwise absent. */
  readonly excludedBy?: string
  /** It lies in the backup's source. */
  readonly inSource: boolean
  /** Why no copy of it could be opened or trusted tonight, whatever uses it; otherwise absent. */
  readonly obstacle?: { readonly code: 'members-excluded' | 'two-images'; readonly reason: string }
  /** Minutes already waited for this image in this run. */
  readonly waitedMinutes: number
}

/** Exactly one for each image and run. */
export interface Decision {
  readonly slot: string
  readonly path: RawPath
  readonly action: Action
  /** kebab-case noun, for machines. */
  readonly code:
    | 'at-rest'
    | 'own-store'
    | 'not-in-source'
    | 'members-excluded'
    | 'two-images'
    | 'excluded-by-administrator'
    | 'contents-wanted'
    | 'in-use'
    | 'usage-unknown'
    | 'still-in-use'
    | 'frozen'
    | 'not-staged'
  /** One sentence. */
  readonly reason: string
  /** Wait this long at most before acting; then `decide` is asked again with `waitedMinutes` set. */
  readonly waitMinutes?: number
}
