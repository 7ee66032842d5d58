import type { Buffer } from 'node:buffer'

/**
 * A small member as it was found. `unreadable` is never taken for damage: the rights or the disk are at fault. `fault`
 * is part of a sentence: "missing", "longer than 1 MiB".
 */
export type SmallFile =
  | { readonly state: 'read'; readonly bytes: Buffer }
  | { readonly state: 'missing' | 'unusable' | 'unreadable'; readonly fault: string }
