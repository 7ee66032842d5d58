import type { Pairs } from './pairs.js'

/** What was read, and what could not be. */
export interface Read {
  /** 1: that member of the source was read, or was to be read and could not. */
  readonly sourceRead: Uint8Array
  readonly bytes: number
  readonly files: number
  /** 1: that member of the source could not be read. */
  readonly sourceFailed: Uint8Array
  readonly copyFailed: Uint8Array
  /** Why the first member of source and copy could not be read. */
  readonly failures: readonly (string | undefined)[]
}

export const nothingRead = ({ source, copy }: Pairs): Read => ({
  sourceRead: new Uint8Array(source.length),
  bytes: 0,
  files: 0,
  sourceFailed: new Uint8Array(source.length),
  copyFailed: new Uint8Array(copy.length),
  failures: [],
})
