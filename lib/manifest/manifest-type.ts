import type { Buffer } from 'node:buffer'
import type { MemberTable } from '../image/member-table.js'
import type { Pieces } from './pieces.js'

/**
 * What is known of one copy, a row for each member, in the order of its table. `copy` holds sizes, times and inodes of
 * the copy itself; its `changed` column is not kept (making a hard link changes a ctime) and holds zeros when read back.
 */
export interface Manifest {
  readonly copy: MemberTable
  /** The last three digits (0 to 999) of the copy's mtime in nanoseconds, which `copy.modified` cannot hold. */
  readonly nanoseconds: Uint16Array
  /** 32 bytes a row, sha256 of the copy's bytes; worth something only where `known` says so. */
  readonly digests: Buffer
  /** 1: `digests` holds this row's digest. Folders have none, nor members that were not read yet. */
  readonly known: Uint8Array
  /** What the source's member looked like when it was known to hold the same bytes; of a sparse image, see `pieces`. */
  readonly source: SourceColumns
  /**
   * Of a sparse image, whose one row is compared piece by piece: these vouch for its bytes, as far as they go. `known`
   * then says only that the digest of the whole file was found out as well, which takes a run that read all of it.
   */
  readonly pieces: Pieces
}

/** Fingerprints of the source's members, by row; their size is the copy's. */
export interface SourceColumns {
  /**
   * 1: the digest is also the source's, and its times had settled when it was looked at, so that a later look with the
   * same fingerprint proves the same bytes. 0: nothing is known of the source's member; the other columns hold zeros.
   */
  readonly usable: Uint8Array
  /** Whole microseconds since 1970. */
  readonly modified: Float64Array
  readonly changed: Float64Array
  readonly inode: Float64Array
}

/** sha256 (hex) of the two files of a manifest; kept in the state folder, without which a manifest vouches for nothing. */
export interface ManifestDigests {
  readonly mtree: string
  readonly fingerprints: string
}
