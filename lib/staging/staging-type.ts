import type { StagingKind } from '../generated/staging.js'
import type { Container } from '../image/image.js'
import type { RawPath } from '../text/raw-path.js'

export type { NotedFolder, StagedEntry, StagingBook, StagingKind } from '../generated/staging.js'

/** What the volumes allow for one image: true, or half a sentence why not. */
export interface Abilities {
  readonly snapshot: true | string
  readonly clone: true | string
  readonly hardLink: true | string
}

/** An image that is to stand in the staging folder. */
export interface WantedImage {
  readonly slot: string
  /** Its name there, the same wherever it lies. */
  readonly name: RawPath
  readonly path: RawPath
  readonly container: Container
  readonly inode: number
  readonly members: number
  readonly bytes: number
  readonly ownerUid: number
  readonly identity: string
  /** Nothing uses it. */
  readonly atRest: boolean
  /** Fingerprint of the image as it lies there. */
  readonly live: string
  readonly can: Abilities
}

/** A plain folder that is to be shown in the staging folder. */
export interface WantedFolder {
  readonly name: RawPath
  readonly path: RawPath
  readonly can: true | string
}

/** What is wanted of the staging folder. */
export interface Wanted {
  readonly images: readonly WantedImage[]
  readonly folders: readonly WantedFolder[]
  /** Slots whose entry stays as it is: frozen before, and right for this run. */
  readonly asFrozen: ReadonlySet<string>
  /** Slots whose kept entry stays although nothing is wanted of it now; `all`: whatever stands there. */
  readonly spare: ReadonlySet<string> | 'all'
}

/** One image about to be frozen. */
export interface Making {
  readonly image: WantedImage
  readonly kind: StagingKind
}

/** One step; each may be repeated. */
export type Step =
  | { readonly do: 'remove'; readonly name: string }
  | { readonly do: 'take'; readonly making: Making }
  /** All images at the same moment, as far as they lie on one volume. */
  | { readonly do: 'snapshot'; readonly making: readonly Making[] }
  | { readonly do: 'bind'; readonly folder: WantedFolder }

/** What is to be done in a staging folder. */
export interface StagingPlan {
  readonly steps: readonly Step[]
  /** By slot or name, why something cannot stand there, half a sentence. */
  readonly refused: ReadonlyMap<string, string>
}
