import type { Finding } from '../finding/finding.js'
import type { Encryption } from './image.js'

/** What a look at an image's structure, without any key, tells. */
export interface Structure {
  /** At most twenty per code, then one that counts the rest. */
  readonly findings: readonly Finding[]
  readonly encryption: Encryption
  /** UUID of the encryption header, lower-case hex with dashes. */
  readonly uuid?: string
  readonly counts: StructureCounts
  /** sha256 (hex) over name, type, size, inode, mtime and ctime of every member: two equal looks saw no change. */
  readonly fingerprint: string
  /**
   * sha256 (hex) over name and type of every member and, of files, size and mtime in whole seconds: two equal ones have
   * the same members with the same sizes and times. It knows nothing of members that the findings call unreadable,
   * changed or missing.
   */
  readonly listing: string
  /** Newest mtime of any member, milliseconds since 1970. */
  readonly newestChange: number
}

export interface StructureCounts {
  readonly members: number
  readonly bands: number
  /** Bands that the virtual size has room for. */
  readonly possibleBands: number
  readonly shortBands: number
  /** Sum of the members' sizes in bytes. */
  readonly bytes: number
  /** Size in bytes of the disk inside; 0 where it cannot be read. */
  readonly virtualBytes: number
}
