import type { Container } from '../image/image.js'
import type { Structure } from '../image/structure-type.js'
import type { System } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'
import type { StagedEntry, WantedImage } from './staging-type.js'

/** An image to be staged, before it is known what its volume can do. */
export type StagingSubject = Omit<WantedImage, 'can'>

export interface StageRequest {
  readonly system: System
  readonly stateFolder: RawPath
  /** The staging folder; absolute, no link in it. */
  readonly path: RawPath
  /** null: no run; more is frozen beside what stands there, and is kept. */
  readonly run: string | null
  readonly images: readonly StagingSubject[]
  readonly folders: readonly RawPath[]
  /** Slots whose entry stays as it was frozen, and counts. */
  readonly asFrozen: ReadonlySet<string>
  /** Slots whose kept entry stays, and does not count; `all`: whatever stands there. */
  readonly spare: ReadonlySet<string> | 'all'
  readonly hardLinks: boolean
  readonly reservePercent: number
  /** Where backups and our own records lie. */
  readonly apart: readonly RawPath[]
  /** Milliseconds since 1970. */
  readonly deadline: number
  /** Looks at images without reading bands. */
  look(
    orders: readonly { path: RawPath; container: Container; inUse: boolean; copy?: boolean }[],
  ): Promise<readonly Structure[]>
  /** The slots among these that nothing uses now. */
  atRest(images: readonly StagingSubject[]): Promise<ReadonlySet<string>>
}

/** An image as it stands in the staging folder. */
export interface StagedImage {
  readonly entry: StagedEntry
  readonly place: RawPath
  readonly structure: Structure
  /** It is as it was frozen before, not as its image is now. */
  readonly asFrozen: boolean
  /** Nothing used the image, before it was made and after. */
  readonly atRest: boolean
}

export interface Stage {
  /** By slot. */
  readonly images: ReadonlyMap<string, StagedImage>
  /** By slot or name, why something does not stand there, or as it was frozen before only, half a sentence. */
  readonly refused: ReadonlyMap<string, string>
}
