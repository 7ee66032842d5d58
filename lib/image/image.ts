import type { RawPath } from '../text/raw-path.js'

/** A sparse bundle is a folder of bands; a sparse image is one file. */
export type Container = 'sparse-bundle' | 'sparse-image'

/** `unknown`: what should say so (token, header) is damaged or cannot be read. */
export type Encryption = 'none' | 'v1' | 'v2' | 'unknown'

/** One image found on a disk: in the backup's source or in a section. */
export interface Image {
  /** Absolute, no link in it. */
  readonly path: RawPath
  /** The search root it was found under, absolute. */
  readonly root: RawPath
  readonly container: Container
  readonly encryption: Encryption
  /** false: its name says sparse image or bundle, its content does not; it is damaged, or not an image at all. */
  readonly recognised: boolean
  readonly ownerUid: number
  readonly device: number
  readonly inode: number
  /** Says whether the thing in a slot is still the same image: `uuid:…` of an encryption header, else `file:…`. */
  readonly identity: string
  /** `[a-z0-9-]{1,64}`, the same whether it lies in `/Users/bob` or `/Users/.bob`. */
  readonly slot: string
}

/** A member of an image as seen at a moment. Times in milliseconds since 1970, exact to the microsecond. */
export interface Member {
  /** Relative to the bundle (`bands/1f`); the file's own name for a sparse image. */
  readonly name: RawPath
  readonly type: 'file' | 'folder' | 'link' | 'other'
  readonly size: number
  readonly inode: number
  readonly links: number
  readonly modified: number
  readonly changed: number
}
