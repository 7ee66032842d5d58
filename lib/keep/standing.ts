import type { KnownCopy, SlotBook } from '../generated/slots.js'
import type { Sections } from '../lbackup/sections.js'
import { lookAt } from '../system/file.js'
import { join, type RawPath } from '../text/raw-path.js'
import { withCopies } from './book.js'
import { markedSection } from './section-mark.js'
import type { StandingCopy } from './standing-type.js'
import { imageIn, imageName, keptFolder, sectionFolder } from './store-layout.js'

export interface Standing {
  /** Without the copies whose section rotated away. */
  readonly book: SlotBook
  readonly copies: readonly StandingCopy[]
}

/** Given the book, return which of its copies stand now, with the paths they have tonight. */
export function standing(book: SlotBook, backupDest: RawPath, sections: Pick<Sections, 'sections'>): Standing {
  const found = new Map(
    book.slots.map(({ slot, copies }) => [slot, copies.flatMap((copy) => stand(copy, backupDest, sections) ?? [])]),
  )
  let pruned = book
  for (const { slot } of book.slots) {
    pruned = withCopies(
      pruned,
      slot,
      (found.get(slot) ?? []).map(({ known }) => known),
    )
  }
  return { book: pruned, copies: [...found.values()].flat() }
}

/** Given a known copy, return it with its paths; undefined where it is gone. */
export function stand(
  known: KnownCopy,
  backupDest: RawPath,
  sections: Pick<Sections, 'sections'>,
): StandingCopy | undefined {
  const { label, place } = known
  if (place.generation !== undefined) {
    const folder = join(keptFolder(backupDest), label.slot, place.generation)
    return exists({ known, image: join(folder, imageName(label)), manifestFolder: folder })
  }
  const section = place.section && markedSection(sections, place.section)
  if (section === undefined) return undefined
  return exists({ known, image: imageIn(section, label), manifestFolder: sectionFolder(section), section })
}

const exists = (copy: StandingCopy): StandingCopy | undefined => (lookAt(copy.image) === undefined ? undefined : copy)
