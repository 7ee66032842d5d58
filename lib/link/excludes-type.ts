import type { Container } from '../image/image.js'
import type { RawPath } from '../text/raw-path.js'

/** What rsync is to see of one thing in the source. Paths absolute. */
export type ExcludesWish =
  | { readonly kind: 'copy-image'; readonly path: RawPath; readonly container: Container }
  | {
      readonly kind: 'leave-out'
      readonly path: RawPath
      /** Needed where the image is the backup's source itself; elsewhere it only makes the proof closer. */
      readonly container?: Container
    }
  | {
      /** A FileVault account: standing rules for both places its image can lie in. */
      readonly kind: 'filevault-home'
      readonly home: RawPath
      readonly hiddenHome: RawPath
      readonly imageName: RawPath
      readonly container: Container
      /** Where the image lies now. */
      readonly lies: 'home' | 'hidden-home'
      /** `image`: only the image. `contents`: the mounted clear text instead of the image. `nothing`: neither. */
      readonly copy: 'image' | 'contents' | 'nothing'
    }
  | { readonly kind: 'mount-point'; readonly path: RawPath; readonly copy: boolean }

/** What an excludes file's block is to hold; plain data, printable by `--dry-run`, kept in the run record. */
export interface ExcludesPlan {
  /** LBackup's `backupSource` as it is written. */
  readonly source: RawPath
  /** The folder in whose paths the wishes are given. */
  readonly folder: RawPath
  readonly wishes: readonly ExcludesWish[]
  /** Lines for rsync as bytes, without line ends, in order: the first that matches wins. */
  readonly rules: readonly RawPath[]
  /** The same lines as `printable` text. */
  readonly printable: readonly string[]
}

/** Whose run put a block into the excludes file. */
export interface BlockOwner {
  /** Letters, digits, `.`, `_`, `-`. */
  readonly run: string
  readonly lbackupPid: number
  /** Seconds since 1970. */
  readonly lbackupStarted: number
}
