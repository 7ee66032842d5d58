import type { CopyLabel } from '../generated/copy.js'
import type { ReportImage } from '../generated/report.js'
import type { KnownCopy, SlotBook } from '../generated/slots.js'
import { unvouched } from '../keep/best.js'
import { copiesOf, isSamePlace } from '../keep/book.js'
import { sectionMark } from '../keep/section-mark.js'
import { sectionFolder } from '../keep/store-layout.js'
import type { Section } from '../lbackup/sections.js'
import { readLabel } from '../prove/manifest-file.js'
import type { SectionLook } from './look-at-section.js'

/**
 * Given the book, a slot and what was seen of a section that a dead run made, return what that run noted of its copy; so
 * an older copy that it put there is not taken for that night's. Where it died before its book was written, the label in
 * the section counts as far as it makes the copy an older one, which nobody gains by.
 */
export function notedCopy(
  book: SlotBook,
  slot: string,
  { section, record }: Pick<SectionLook, 'section' | 'record'>,
): KnownCopy | undefined {
  const place = { section: sectionMark(section) }
  const known = copiesOf(book, slot).find((copy) => isSamePlace(copy.place, place))
  if (known !== undefined) return known
  const label = olderLabel(section, slot)
  if (label === undefined || !(Date.parse(label.madeAt) < Date.parse(record.startedAt))) return undefined
  return { label: { ...unvouched(label), verdict: label.verdict === 'bad' ? 'bad' : 'suspect' }, place }
}

function olderLabel(section: Section, slot: string): CopyLabel | undefined {
  const label = readLabel(sectionFolder(section), slot)
  return label === undefined || 'unusable' in label || !label.older ? undefined : label
}

/** Given what is seen of a copy now and what was noted of it, return what is to be reported. */
export function asNoted(reported: ReportImage, { label }: KnownCopy): ReportImage {
  if (label.older) {
    const kept = { done: 'older-copy' as const, madeAt: label.madeAt, proven: label.verdict === 'proven' }
    return { ...reported, reason: `${reported.reason}; an older copy, of ${label.madeAt}, lies at its place`, kept }
  }
  const { verdict, reason } = label
  const loudness = verdict === 'bad' ? 'error' : verdict === 'proven' ? 'fine' : 'warning'
  return { ...reported, verdict, reason, loudness }
}
