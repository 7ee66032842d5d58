// Made from schemas/listing.schema.json by npm run generate.

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
 * What list --json prints.
 */
export interface Listing {
  /**
   * Name and version of this format.
   */
  readonly schema: 'listing/1'
  /**
   * Every copy, newest first.
   */
  readonly copies: readonly ListingCopy[]
}
/**
 * One copy of one image.
 */
export interface ListingCopy {
  readonly slot: SlotId
  /**
   * Id of the run in which LBackup made it; adopted for one that was there before us.
   */
  readonly run: string
  readonly madeAt: Time
  /**
   * Section.N, or where in the store.
   */
  readonly place: string
  /**
   * Number of the section; null: it lies in the store.
   */
  readonly section: number | null
  /**
   * Its name in the store, which restore --copy takes; null: it lies in a section.
   */
  readonly generation: string | null
  /**
   * set-aside: a bad copy that was moved out of the way. recovered: an image that an interrupted run had moved, for which nothing vouches. Neither is restored unless it is named. null: neither.
   */
  readonly aside: ('set-aside' | 'recovered') | null
  readonly verdict: Verdict
  /**
   * Why, in one sentence.
   */
  readonly reason: string
  /**
   * An older copy, put into a section whose own copy was missing or bad.
   */
  readonly older: boolean
  /**
   * The digests of its manifest are known to us, and nobody was seen to write into it.
   */
  readonly vouched: boolean
  /**
   * Since when somebody wrote into it; null: nobody was seen to.
   */
  readonly opened: Time | null
  /**
   * The user whose image this is.
   */
  readonly user: string
  readonly path: PrintablePath
  /**
   * Sum of the members' sizes.
   */
  readonly bytes: number
  /**
   * Number of members.
   */
  readonly members: number
}
