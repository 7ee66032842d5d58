import type { Container } from '../image/image.js'
import type { Manifest } from '../manifest/manifest-type.js'
import type { RawPath } from '../text/raw-path.js'
import type { SourceSide } from './source-side.js'

/** An older copy whose manifest is trusted: its digest stands in the state folder. A million rows take 100 MB. */
export interface TrustedCopy {
  /** The image in its section or in the store, absolute. */
  readonly image: RawPath
  /** Reads the manifest; undefined where it cannot be used. Called at most once in a proof, and not kept. */
  readonly read: () => Manifest | undefined
}

export interface ProveRequest {
  readonly source: RawPath
  /** How the source is looked at and read; it lies on this machine unless given. */
  readonly side?: SourceSide
  /** Absolute: in the new section, or in our work folder. */
  readonly copy: RawPath
  readonly container: Container
  /** When the source was looked at before the copy, milliseconds since 1970. */
  readonly lookedBefore: number
  /** When rsync had ended at the latest, milliseconds since 1970: what the source was written after that is no fault of the copy. */
  readonly copiedBefore: number
  /** The source as a whole did not change between the look before the copy and now. */
  readonly still: boolean
  /** Newest first. */
  readonly trusted: readonly TrustedCopy[]
  /** Times on the source's volume are multiples of this many milliseconds. */
  readonly granularity: number
  /** No member, and no piece of a sparse image, is begun after this moment, milliseconds since 1970. */
  readonly deadline: number
  /** Threads that hash; found out from the disks unless given. */
  readonly readers?: number
}

export type WrongKind =
  /** Same size, times at most 20 s apart, other bytes, and the source did not change during the run. */
  | 'missed-change'
  /** Other bytes, and the source's member changed during the copy. */
  | 'mixed'
  | 'missing'
  | 'extra'
  /** Other bytes than when the copy was made, or other than what rsync must have read. */
  | 'damaged'
  /** The copy's member cannot be read. */
  | 'unreadable'
  /** Another type, target of a link, or length although the source stood still. */
  | 'type'
  | 'size'
  | 'time'

/** All wrong members of one kind. */
export interface Wrong {
  readonly kind: WrongKind
  readonly count: number
  /** All of them, relative to the bundle; of a sparse image its own name. */
  readonly members: readonly RawPath[]
  /** Of a sparse image: which pieces of 8 MiB differ, at most twenty. */
  readonly pieces?: readonly number[]
  /** Of what cannot be read: why the first of them cannot. */
  readonly because?: string
}

export interface ProofCounts {
  /** Members whose bytes are known to be equal or not. */
  readonly checked: number
  readonly members: number
  /** Of a sparse image: how many of its pieces are known to be equal or not, and how many there are. */
  readonly pieces?: { readonly checked: number; readonly all: number }
  /** Files read, of source and copy together. */
  readonly read: number
  /** Digests of members, or of pieces, taken from trusted manifests, of source and copy together. */
  readonly reused: number
  readonly bytesRead: number
  readonly seconds: number
}

export interface Proof {
  /**
   * `proven`: every byte equals the source at one moment. `wrong`: at least one member is known to be wrong.
   * `unfinished`: the time was over, nothing wrong so far. `moved-on`: nothing wrong so far, but members of the source
   * changed after the copy, so they were not compared. `source-unreadable`: the source could not be read to its end.
   */
  readonly result: 'proven' | 'wrong' | 'unfinished' | 'moved-on' | 'source-unreadable'
  readonly wrong: readonly Wrong[]
  /** Members not compared because the source changed after the copy. */
  readonly movedOn: number
  /** Why the source could not be read. */
  readonly because?: string
  readonly counts: ProofCounts
  /** Of the copy as it stands: what the next run may reuse. */
  readonly manifest: Manifest
}
