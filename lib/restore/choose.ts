import { OperationalError } from '../finding/operational-error.js'
import { best } from '../keep/best.js'
import { baseName } from '../text/raw-path.js'
import { fromPrintable, printable } from '../text/printable.js'
import type { ListedCopy } from './copies.js'

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
  throw new OperationalError('usage', `No copy of "${name}" is known.`, cure)
}

export interface Wish {
  /** Not later than this moment, ISO 8601: a date alone means its end. */
  readonly at?: string
  readonly section?: number
}

/** Given the copies of one image, return the one that is wanted: the newest good one, else the best known, unless told. */
export function chosen(copies: readonly ListedCopy[], wish: Wish): ListedCopy {
  if (wish.section !== undefined) {
    const found = copies.find(({ section }) => section?.number === wish.section)
    if (found !== undefined) return found
    throw noCopy(`There is no copy of it in Section.${String(wish.section)}.`, copies)
  }
  if (wish.at !== undefined) {
    const latest = momentOf(wish.at)
    const found = copies.find(({ known }) => Date.parse(known.label.madeAt) <= latest)
    if (found !== undefined) return found
    throw noCopy(`There is no copy of it from ${wish.at} or before.`, copies)
  }
  const wanted = best(copies.map(({ known }) => known))
  const found = copies.find(({ known }) => known === wanted)
  if (found !== undefined) return found
  throw noCopy('No copy of it is worth restoring by itself.', copies)
}

function momentOf(text: string): number {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text)
  const moment = Date.parse(isDate ? `${text}T23:59:59.999Z` : text)
  if (!Number.isNaN(moment) && (isDate || /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text))) return moment
  throw new OperationalError('usage', `"${text}" is no date.`, 'Write 2026-01-31, or 2026-01-31T03:00:00Z.')
}

function noCopy(message: string, copies: readonly ListedCopy[]): OperationalError {
  const dates = copies.map(({ known, placeName }) => `${known.label.madeAt} in ${placeName}`)
  const cure = dates.length === 0 ? 'There is none at all.' : `There are: ${dates.join(', ')}.`
  return new OperationalError('no-such-copy', message, cure)
}
