import type { SlotBook } from '../generated/slots.js'
import { closeFolder, look, openFolder } from '../system/folder.js'
import { removeTreeIn } from '../system/remove-tree.js'
import type { RawPath } from '../text/raw-path.js'
import { copiesOf, withCopies } from './book.js'
import { keptFolder } from './store-layout.js'
import { lookAt } from '../system/file.js'

/**
 * Given a slot, release everything that is kept of it and return the book without these copies; copies in sections
 * stay where they are. Throws OperationalError.
 */
export function forget(slot: string, backupDest: RawPath, book: SlotBook): SlotBook {
  const path = keptFolder(backupDest)
  if (lookAt(path) !== undefined) {
    const kept = openFolder(path)
    try {
      if (look(kept, slot as RawPath) !== undefined) removeTreeIn(kept, slot as RawPath)
    } finally {
      closeFolder(kept)
    }
  }
  return withCopies(
    book,
    slot,
    copiesOf(book, slot).filter(({ place }) => place.generation === undefined),
  )
}
