import { createHash } from 'node:crypto'
import type { Buffer } from 'node:buffer'

/** What tells an image from another one in the same slot. */
export interface IdentityFacts {
  /** Of the encryption header, where there is one. */
  readonly uuid: string | undefined
  readonly inode: number
  /** Birth of the bundle's folder or of the file, milliseconds since 1970; 0 where the file system keeps none. */
  readonly born: number
  /** What was written when the image was made: Info.plist, or the unchanging part of a sparse image's header. */
  readonly content: Buffer
}

/**
 * Given what is known of an image, return its identity: `uuid:` and the encryption header's UUID, else `file:` and
 * inode, birth time and a digest of its content. Never the device's number, which changes when a volume is mounted
 * again.
 */
export function identityOf({ uuid, inode, born, content }: IdentityFacts): string {
  if (uuid !== undefined) return `uuid:${uuid}`
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 16)
  return `file:${String(inode)}-${String(Math.floor(born))}-${digest}`
}
