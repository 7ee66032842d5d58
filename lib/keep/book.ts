import type { KnownCopy, RestoreDrill, SlotBook, SlotHistory } from '../generated/slots.js'
import { validateSlots } from '../generated/validators.js'
import { readFileIfPresent, replaceFile } from '../system/file.js'
import { join, type RawPath } from '../text/raw-path.js'

const limit = 256 * 1024 * 1024
const fileName = 'slots.json'

export const emptyBook: SlotBook = { schema: 'slots/1', adoptedAt: null, slots: [] }

/** Given the state folder, return the book of copies; undefined: none yet; `damaged`: said, never trusted. */
export function readBook(stateFolder: RawPath): SlotBook | { readonly damaged: string } | undefined {
  const file = readFileIfPresent(join(stateFolder, fileName), limit)
  if (file === undefined) return undefined
  try {
    const book: unknown = JSON.parse(file.bytes.toString('utf8'))
    return validateSlots(book) ? (book as SlotBook) : { damaged: 'it does not have the expected form' }
  } catch {
    return { damaged: 'it is no JSON document' }
  }
}

/** Given the state folder and a book, keep it. Throws OperationalError. */
export function writeBook(stateFolder: RawPath, book: SlotBook): void {
  replaceFile(join(stateFolder, fileName), `${JSON.stringify(book, undefined, 1)}\n`)
}

/** Given a book and a slot, return the copies known of it, newest first. */
export const copiesOf = (book: SlotBook, slot: string): readonly KnownCopy[] =>
  book.slots.find((one) => one.slot === slot)?.copies ?? []

/** Given a book and a copy, return the book with that copy, in place of one that lay at the same place. */
export function withCopy(book: SlotBook, copy: KnownCopy): SlotBook {
  const others = copiesOf(book, copy.label.slot).filter(({ place }) => !isSamePlace(place, copy.place))
  return withCopies(book, copy.label.slot, [...others, copy])
}

/** Given a book, a slot and its copies, return the book with just these. A slot without copies and drill is dropped. */
export function withCopies(book: SlotBook, slot: string, copies: readonly KnownCopy[]): SlotBook {
  const known = book.slots.find((one) => one.slot === slot)
  const history: SlotHistory = { ...known, slot, copies: [...copies].sort(newestFirst) }
  const others = book.slots.filter((one) => one.slot !== slot)
  const isEmpty = history.copies.length === 0 && history.drill === undefined
  return { ...book, slots: isEmpty ? others : [...others, history].sort((a, b) => (a.slot < b.slot ? -1 : 1)) }
}

/** Given a book, a slot and what came of a trial restore, return the book with that. */
export function withDrill(book: SlotBook, slot: string, drill: RestoreDrill): SlotBook {
  const copies = copiesOf(book, slot)
  const others = book.slots.filter((one) => one.slot !== slot)
  return { ...book, slots: [...others, { slot, copies, drill }].sort((a, b) => (a.slot < b.slot ? -1 : 1)) }
}

export const isSamePlace = (one: KnownCopy['place'], other: KnownCopy['place']): boolean =>
  one.generation === other.generation &&
  one.section?.inode === other.section?.inode &&
  one.section?.born === other.section?.born

const newestFirst = (one: KnownCopy, other: KnownCopy): number =>
  Date.parse(other.label.madeAt) - Date.parse(one.label.madeAt)
