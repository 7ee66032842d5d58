import { OperationalError } from '../finding/operational-error.js'
import { best } from '../keep/best.js'
import { baseName } from '../text/raw-path.js'
import { fromPrintable, printable } from '../text/printable.js'
import type { ListedCopy } from './listed-copy.js'

/** Given copies and what an administrator calls an image (slot, path, file name or user), return the copies of that one. */
export function copiesNamed(copies: readonly ListedCopy[], name: string): ListedCopy[] {
  const tests: ((copy: ListedCopy) => boolean)[] = [
    ({ known: { label } }) => label.slot === name,
    ({ known: { label } }) => label.path === name,
    ({ known: { label } }) => printable(baseName(fromPrintable(label.path))) === name,
    ({ known: { label } }) => label.user === name,
  ]
  for (const test of tests) {
    const found = copies.filter(test)
    const slots = [...new Set(found.map(({ known }) => known.label.slot))]
    if (slots.length === 1) return found
    if (slots.length > 1) {
      throw new OperationalError('usage', `"${name}" may be ${slots.join(' or ')}.`, 'Name one of these slots.')
    }
  }
  const known = [...new Set(copies.map(({ known: { label } }) => label.slot))]
  const cure = known.length === 0 ? 'No copy of any image was found.' : `There are: ${known.join(', ')}.`
  throw new OperationalError('no-such-copy', `No copy of "${name}" is known.`, cure)
}

export interface Wish {
  /** Not later than this moment, ISO 8601: a date alone means its end. */
  readonly at?: string
  readonly section?: number
  /** As `list` names its place: a generation of the store, also `set-aside` and `recovered-RUN`, or `Section.N`. */
  readonly copy?: string
}

/**
 * Given the copies of one image, return the one that is wanted: the newest good one, else the best known, unless told.
 * One that was set aside or recovered is returned only where `copy` names it.
 */
export function chosen(all: readonly ListedCopy[], wish: Wish): ListedCopy {
  if (wish.copy !== undefined) {
    const found = all.find((copy) => copyName(copy) === wish.copy)
    if (found !== undefined) return found
    throw noCopy(`There is no copy of it that is called "${wish.copy}".`, all)
  }
  const copies = all.filter(({ aside }) => aside === undefined)
  if (wish.section !== undefined) {
    const found = copies.find(({ section }) => section?.number === wish.section)
    if (found !== undefined) return found
    throw noCopy(`There is no copy of it in Section.${String(wish.section)}.`, all)
  }
  if (wish.at !== undefined) {
    const latest = momentOf(wish.at)
    const found = copies.find(({ known }) => Date.parse(known.label.madeAt) <= latest)
    if (found !== undefined) return found
    throw noCopy(`There is no copy of it from ${wish.at} or before.`, all)
  }
  const wanted = best(copies.map(({ known }) => known))
  const found = copies.find(({ known }) => known === wanted)
  if (found !== undefined) return found
  throw noCopy('No copy of it is worth restoring by itself.', all)
}

/** Given a copy, return what `--copy` calls it. */
export const copyName = ({ known: { place }, placeName }: ListedCopy): string => place.generation ?? placeName

function momentOf(text: string): number {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text)
  const moment = Date.parse(isDate ? `${text}T23:59:59.999Z` : text)
  if (!Number.isNaN(moment) && (isDate || /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text))) return moment
  throw new OperationalError('usage', `"${text}" is no date.`, 'Write 2026-01-31, or 2026-01-31T03:00:00Z.')
}

function noCopy(message: string, copies: readonly ListedCopy[]): OperationalError {
  const dates = copies.map((copy) => `${copyName(copy)} of ${copy.known.label.madeAt}`)
  const cure = dates.length === 0 ? 'There is none at all.' : `There are: ${dates.join(', ')}; --copy chooses by place.`
  return new OperationalError('no-such-copy', message, cure)
}
