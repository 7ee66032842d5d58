// Made from schemas/copy.schema.json by npm run generate.

/**
 * The place an image belongs: the same whether it lies in /Users/bob or /Users/.bob.
 */
export type SlotId = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time = string
/**
 * What is known of tonight's copy: proven (every byte equals one moment of the source), complete (the structure is right; not compared), not-backed-up (left out by policy), suspect (in use or changed during the copy and not proven), bad (mixed, incomplete, damaged, absent or unreadable), not-judged-yet (the post hook has not run).
 */
export type Verdict = 'proven' | 'complete' | 'not-backed-up' | 'suspect' | 'bad' | 'not-judged-yet'
/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath = string
/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath1 = string

/**
 * SLOT.json beside a manifest, in a section or in the store: what copy this is, so that it can be found and restored without the state folder.
 */
export interface CopyLabel {
  /**
   * Name and version of this format.
   */
  readonly schema: 'copy/1'
  readonly slot: SlotId
  /**
   * Id of the run in which LBackup made this copy; adopted for one that was there before us.
   */
  readonly run: string
  readonly madeAt: Time
  readonly verdict: Verdict
  /**
   * Why, in one sentence.
   */
  readonly reason: string
  /**
   * Says whether the thing in the slot is still the same image; null where only the copy was ever seen.
   */
  readonly identity: string | null
  /**
   * The user whose image this is.
   */
  readonly user: string
  /**
   * User id of the image's owner.
   */
  readonly ownerUid: number
  readonly path: PrintablePath
  readonly copyPath: PrintablePath1
  /**
   * A folder of bands, or one file.
   */
  readonly container: 'sparse-bundle' | 'sparse-image'
  /**
   * Sum of the members' sizes.
   */
  readonly bytes: number
  /**
   * Number of members.
   */
  readonly members: number
  /**
   * true: an older copy, put here because the one of the section's own night was missing or bad.
   */
  readonly older: boolean
  /**
   * sha256 of SLOT.mtree and SLOT.jsonl; null where there is no manifest.
   */
  readonly manifest: LabelDigests | null
}
/**
 * sha256 of the two files of a manifest.
 */
export interface LabelDigests {
  /**
   * Of SLOT.mtree.
   */
  readonly mtree: string
  /**
   * Of SLOT.jsonl.
   */
  readonly fingerprints: string
}
