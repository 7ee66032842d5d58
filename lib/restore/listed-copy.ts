import type { StandingCopy } from '../keep/standing-type.js'

/** A copy that can be restored. */
export interface ListedCopy extends StandingCopy {
  /** The digests of its manifest stand in the state folder, and nobody was seen to open it for writing. */
  readonly vouched: boolean
  /** `Section.3`, or where in the store. */
  readonly placeName: string
  /** Never restored unless it is named: a bad copy that was set aside, or what an interrupted run had moved away. */
  readonly aside?: 'set-aside' | 'recovered'
}
