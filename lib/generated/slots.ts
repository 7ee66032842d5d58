// Made from schemas/slots.schema.json by npm run generate.

/**
 * A moment in UTC, ISO 8601.
 */
export type Time = string
/**
 * The place an image belongs: the same whether it lies in /Users/bob or /Users/.bob.
 */
export type SlotId = string
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
 * A moment in UTC, ISO 8601.
 */
export type Time1 = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time2 = string

/**
 * slots.json in the state folder: every copy that is known of, by slot. Its digests are what makes a manifest vouch.
 */
export interface SlotBook {
  /**
   * Name and version of this format.
   */
  readonly schema: 'slots/1'
  /**
   * When all sections were searched for copies made before us; null: not yet.
   */
  readonly adoptedAt: Time | null
  readonly judgedSection?: SectionMark
  /**
   * Every slot of which a copy is known.
   */
  readonly slots: readonly SlotHistory[]
}
/**
 * The newest section whose copies are all known here. Another Section.0 was made by a run whose post-backup hook did not come to its end.
 */
export interface SectionMark {
  /**
   * Inode of the folder.
   */
  readonly inode: number
  /**
   * Birth of the folder in whole milliseconds since 1970; 0 where the file system keeps none.
   */
  readonly born: number
}
/**
 * One slot and its copies.
 */
export interface SlotHistory {
  readonly slot: SlotId
  /**
   * Every copy of it that is known, newest first; one whose section rotated away is dropped.
   */
  readonly copies: readonly KnownCopy[]
  readonly drill?: RestoreDrill
}
/**
 * One copy and where it lies.
 */
export interface KnownCopy {
  readonly label: CopyLabel
  readonly place: CopyPlace
  readonly opened?: CopyOpened
}
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
/**
 * In a section (which keeps its inode when LBackup renames it) or in the store: exactly one of the two.
 */
export interface CopyPlace {
  readonly section?: SectionMark1
  /**
   * Name of the folder in the store that holds it.
   */
  readonly generation?: string
}
/**
 * Tells a section from a later one whose folder got the same inode.
 */
export interface SectionMark1 {
  /**
   * Inode of the folder.
   */
  readonly inode: number
  /**
   * Birth of the folder in whole milliseconds since 1970; 0 where the file system keeps none.
   */
  readonly born: number
}
/**
 * Somebody opened this copy for writing: it is no longer what was proven.
 */
export interface CopyOpened {
  readonly noticedAt: Time
  readonly since: Time1
  /**
   * The first member that changed.
   */
  readonly member: string
}
/**
 * The last trial restore of this slot.
 */
export interface RestoreDrill {
  readonly at: Time
  readonly madeAt: Time2
  /**
   * true: every byte could be read and was the one that the manifest names.
   */
  readonly ok: boolean
  /**
   * What came of it, in one sentence.
   */
  readonly text: string
}
