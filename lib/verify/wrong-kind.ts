import type { Times } from './reuse.js'

/** What is known of a member whose copy holds other bytes, or another length, than the source. Times in microseconds. */
export interface Differing {
  readonly source: Times & { readonly size: number }
  readonly copy: { readonly size: number; readonly modified: number }
  /** The copy's own file was in an older section (true), is another than there (false), or nothing trusted tells. */
  readonly linked: boolean | undefined
  /** The copy's own file was known, and does not hold, or may not hold, what it held then. */
  readonly altered: boolean
  /** When the source's member was last written. */
  readonly written: number
  /** The image as a whole did not change during the run. */
  readonly still: boolean
  /** When the source was looked at before the copy, less the time in which a write may not show. */
  readonly lookedBefore: number
  /** When rsync had ended. */
  readonly copiedBefore: number
}

/** LBackup's rsync runs with --modify-window=20, which compares whole seconds. */
const windowSeconds = 20

/**
 * Given a member that differs, return what that is; `moved-on`: the source was written after the copy, which is no fault
 * of the copy. In this order:
 *
 * | known | kind |
 * |---|---|
 * | the source was written after rsync had ended | moved-on |
 * | the copy's file is known from an older section and was altered since | damaged |
 * | the source was written during the run | mixed |
 * | other length | size |
 * | times within rsync's window, and the copy not made of this source: the seconds differ, or nothing tells of its file | missed-change |
 * | anything else: made tonight from a source that stood still | damaged |
 */
export function wrongKind(differing: Differing): 'moved-on' | 'damaged' | 'mixed' | 'size' | 'missed-change' {
  const { source, copy, written } = differing
  if (written > differing.copiedBefore) return 'moved-on'
  if (differing.altered) return 'damaged'
  if (!differing.still && written >= differing.lookedBefore) return 'mixed'
  if (source.size !== copy.size) return 'size'
  const apart = Math.abs(seconds(source.modified) - seconds(copy.modified))
  // What rsync makes of a file that stands still has its very time.
  const madeTonight = differing.linked === false && apart === 0
  return apart <= windowSeconds && !madeTonight ? 'missed-change' : 'damaged'
}

const seconds = (microseconds: number): number => Math.floor(microseconds / 1_000_000)
