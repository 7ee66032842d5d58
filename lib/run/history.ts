import type { ReportedFinding } from '../generated/report.js'
import type { KnownCopy, SlotBook } from '../generated/slots.js'
import { adopt, adoptedIn } from '../keep/adopt.js'
import { copiesOf, emptyBook, isSamePlace, readBook, withCopy, writeBook } from '../keep/book.js'
import { sectionMark } from '../keep/section-mark.js'
import { standing } from '../keep/standing.js'
import type { StandingCopy } from '../keep/standing-type.js'
import { lookForOpened } from '../keep/vouch.js'
import { readSections, section, type Sections } from '../lbackup/sections.js'
import { count } from '../text/measure.js'
import type { RawPath } from '../text/raw-path.js'
import type { RunContext } from './context.js'

/** Where copies lie, and what is known of them. */
export interface BackupPlaces {
  readonly stateFolder: RawPath
  readonly environment: { readonly backupDest: RawPath }
}

/** The copies that are known, and those of them that stand now. */
export interface History {
  readonly book: SlotBook
  readonly copies: readonly StandingCopy[]
  /** The sections as they were when this was found out. */
  readonly sections: Sections
  readonly findings: readonly ReportedFinding[]
}

/** Given the run, return what is known of copies; nothing is adopted, looked at or written. */
export function knownHistory({ stateFolder, environment }: BackupPlaces, sections: Sections): History {
  const book = readBook(stateFolder)
  const known = book === undefined || 'damaged' in book ? emptyBook : book
  return { ...standing(known, environment.backupDest, sections), sections, findings: [] }
}

/**
 * Given the run, return what is known of copies before anything may be left out: where we know of none yet, all sections
 * and the store are searched, and each copy that a manifest vouches for is looked at. The book is written.
 */
export function openHistory(context: RunContext): History {
  const { stateFolder, environment, system } = context
  const sections = readSections(environment.backupDest)
  const read = readBook(stateFolder)
  const damaged = read !== undefined && 'damaged' in read
  const known = read === undefined || damaged ? emptyBook : read
  const adopted = known.adoptedAt === null ? adoptAll(context, known, sections) : adoptNewest(context, known, sections)
  const stood = standing(adopted.book, environment.backupDest, sections)
  const vouched = lookForOpened(stood.book, stood.copies, system.now())
  writeBook(stateFolder, vouched.book)
  return {
    ...standing(vouched.book, environment.backupDest, sections),
    sections,
    findings: [...(damaged ? [bookDamaged(read.damaged)] : []), ...adopted.findings, ...vouched.findings],
  }
}

function adoptAll(
  context: RunContext,
  book: SlotBook,
  sections: Sections,
): { book: SlotBook; findings: readonly ReportedFinding[] } {
  const { source, environment, system } = context
  const slotFolders = context.config.source.mode === 'staging'
  const found = adopt({ source, backupDest: environment.backupDest, sections, slotFolders })
  const adopted = found.reduce(withCopy, { ...book, adoptedAt: system.now().toISOString() })
  return { book: adopted, findings: adoptedFindings(found) }
}

/** A section that no post hook came to the end of holds copies that nobody knows; its rotation must not take the last one. */
function adoptNewest(
  { source, config }: RunContext,
  book: SlotBook,
  sections: Sections,
): { book: SlotBook; findings: readonly ReportedFinding[] } {
  const zero = section(sections, 0)
  if (zero === undefined) return { book, findings: [] }
  const mark = sectionMark(zero)
  if (isSamePlace({ section: mark }, { ...(book.judgedSection && { section: book.judgedSection }) }))
    return { book, findings: [] }
  const found = adoptedIn(zero, source, config.source.mode === 'staging').filter(
    ({ label, place }) => !copiesOf(book, label.slot).some((known) => isSamePlace(known.place, place)),
  )
  return { book: { ...found.reduce(withCopy, book), judgedSection: mark }, findings: adoptedFindings(found) }
}

function adoptedFindings(found: readonly KnownCopy[]): ReportedFinding[] {
  if (found.length === 0) return []
  const message = `${count(found.length, 'copy', 'copies')} that ${found.length === 1 ? 'was' : 'were'} there before ${found.length === 1 ? 'is' : 'are'} kept as best known until something newer is proven.`
  return [{ code: 'copies-adopted', severity: 'info', message }]
}

const bookDamaged = (why: string): ReportedFinding => ({
  code: 'book-damaged',
  severity: 'warning',
  message: `What was known of older copies cannot be used (slots.json: ${why}); all sections were searched again, and no older copy counts as proven.`,
})
