import type { SlotKept, SlotStatus } from '../generated/status.js'
import type { SlotBook } from '../generated/slots.js'
import { bestKnown, newestGood } from '../keep/best.js'
import { heldBy } from '../keep/held.js'
import { standing } from '../keep/standing.js'
import type { StandingCopy } from '../keep/standing-type.js'
import type { Sections } from '../lbackup/sections.js'
import type { RawPath } from '../text/raw-path.js'

/** Given the book and where its copies lie, return for each slot which copies are the best and what keeping them costs. */
export function keptStatus(
  book: SlotBook,
  backupDest: RawPath,
  sections: Sections,
): ReadonlyMap<string, Pick<SlotStatus, 'kept' | 'drill'>> {
  const { copies } = standing(book, backupDest, sections)
  return new Map(
    book.slots.map(({ slot, drill }) => {
      const ofSlot = copies.filter(({ known }) => known.label.slot === slot)
      return [slot, { kept: keptOf(slot, ofSlot, backupDest), ...(drill === undefined ? {} : { drill }) }]
    }),
  )
}

function keptOf(slot: string, copies: readonly StandingCopy[], backupDest: RawPath): SlotKept {
  const known = copies.map((copy) => copy.known)
  const [good, other] = [newestGood(known), bestKnown(known)]
  const isOtherNews = good === undefined || (other !== undefined && other.label.madeAt > good.label.madeAt)
  const held = heldBy(backupDest, slot, known)
  return {
    ...(good === undefined ? {} : { newestGood: good.label.madeAt, newestGoodIn: placeOf(copies, good.label.madeAt) }),
    ...(other === undefined || !isOtherNews
      ? {}
      : { bestKnown: other.label.madeAt, bestKnownIn: placeOf(copies, other.label.madeAt) }),
    generations: held.generations,
    heldBytes: held.bytes,
    shared: held.shared,
  }
}

/** The newest section that holds it, else the store. */
function placeOf(copies: readonly StandingCopy[], madeAt: string): string {
  const numbers = copies
    .filter(({ known }) => known.label.madeAt === madeAt)
    .flatMap(({ section }) => section?.number ?? [])
  return numbers.length === 0 ? 'store' : `Section.${String(Math.min(...numbers))}`
}
