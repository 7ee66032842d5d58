import type { Image } from '../image/image.js'
import type { RawPath } from '../text/raw-path.js'

/** What a search of one or more roots found. */
export interface Discovery {
  readonly images: readonly Image[]
  readonly notes: readonly DiscoveryNote[]
  readonly counts: { readonly entries: number; readonly folders: number; readonly filesOpened: number }
}

/**
 * What a search could not or would not look into. `unreadable`, `depth-limit`, `entry-limit` and `root-missing` mean
 * that an image may have been missed; the others only tell.
 */
export interface DiscoveryNote {
  readonly code:
    | 'root-missing'
    | 'unreadable'
    | 'depth-limit'
    | 'entry-limit'
    | 'other-device'
    | 'incomplete-image'
    | 'other-image-kind'
    | 'same-identity'
    | 'same-slot'
  readonly path: RawPath
  /** One sentence for an administrator. */
  readonly message: string
}

export interface SearchOptions {
  readonly roots: readonly RawPath[]
  /** Slots are named relative to this folder, so that a section gives the same ones; the first root unless given. */
  readonly source?: RawPath
  /** The source was a staging folder: an image in a folder named like a slot directly below it has that slot. */
  readonly slotFolders?: boolean
  /** Never entered: backupDest, our own folders. Absolute. */
  readonly never: readonly RawPath[]
  /** Opens every file, whatever its name. */
  readonly everyFile: boolean
  /** Files that were images before, absolute: opened whatever their name. */
  readonly knownPaths: readonly RawPath[]
  readonly maxDepth: number
  readonly maxEntries: number
  /** Also enters other file systems below a root. */
  readonly crossDevices: boolean
}
