import type { SlotBook } from '../generated/slots.js'
import type { RawPath } from '../text/raw-path.js'
import { copiesOf, withCopies } from './book.js'
import { removeKept } from './remove-kept.js'

export interface ForgetOrder {
  readonly slot: string
  readonly backupDest: RawPath
  /** Names the folder in `work` in which it is removed. */
  readonly runId: string
  readonly book: SlotBook
}

/**
 * Given a slot, release everything that is kept of it and return the book without these copies, to be written then;
 * copies in sections stay where they are. Throws OperationalError.
 */
export function forget({ slot, backupDest, runId, book }: ForgetOrder): SlotBook {
  removeKept({ backupDest, runId, slot })
  return withCopies(
    book,
    slot,
    copiesOf(book, slot).filter(({ place }) => place.generation === undefined),
  )
}
