// Made from schemas/restoration.schema.json by npm run generate.

/**
 * The place an image belongs: the same whether it lies in /Users/bob or /Users/.bob.
 */
export type SlotId = string
/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time = string
/**
 * What is known of tonight's copy: proven (every byte equals one moment of the source), complete (the structure is right; not compared), not-backed-up (left out by policy), suspect (in use or changed during the copy and not proven), bad (mixed, incomplete, damaged, absent or unreadable), not-judged-yet (the post hook has not run).
 */
export type Verdict = 'proven' | 'complete' | 'not-backed-up' | 'suspect' | 'bad' | 'not-judged-yet'
/**
 * A kebab-case noun that never changes its meaning.
 */
export type Code = string

/**
 * What restore --json prints.
 */
export interface Restoration {
  /**
   * Name and version of this format.
   */
  readonly schema: 'restoration/1'
  readonly slot: SlotId
  readonly path: PrintablePath
  readonly madeAt: Time
  readonly verdict: Verdict
  /**
   * Where it was restored from: Section.N, or where in the store.
   */
  readonly place: string
  /**
   * Where it was restored to, as printed in messages.
   */
  readonly to: string
  /**
   * Bytes restored.
   */
  readonly bytes: number
  /**
   * Members of the copy, without those left out.
   */
  readonly members: number
  /**
   * Members whose digest was compared with the manifest.
   */
  readonly checked: number
  /**
   * Members that were there from an attempt that was interrupted.
   */
  readonly resumed: number
  /**
   * Links, folders and special files that were not restored.
   */
  readonly skipped: readonly string[]
  /**
   * Members of the copy that its manifest does not know; the restored image is without them.
   */
  readonly leftOut: number
  /**
   * Files that were restored although the manifest has no digest of them.
   */
  readonly uncompared: number
  /**
   * Why not everything was compared with what was once proven; null: it was.
   */
  readonly unchecked: string | null
  /**
   * What somebody should look at.
   */
  readonly findings: readonly ReportedFinding[]
}
/**
 * One thing found, about one image or one run.
 */
export interface ReportedFinding {
  readonly code: Code
  /**
   * How bad it is.
   */
  readonly severity: 'error' | 'warning' | 'info'
  /**
   * The member of the image concerned, relative to the image.
   */
  readonly member?: string
  /**
   * One sentence for an administrator.
   */
  readonly message: string
  /**
   * What to do.
   */
  readonly cure?: string
}
