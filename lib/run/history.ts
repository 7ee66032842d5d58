import type { ReportedFinding } from '../generated/report.js'
import type { SlotBook } from '../generated/slots.js'
import { adopt } from '../keep/adopt.js'
import { emptyBook, readBook, withCopy, writeBook } from '../keep/book.js'
import { standing } from '../keep/standing.js'
import type { StandingCopy } from '../keep/standing-type.js'
import { lookForOpened } from '../keep/vouch.js'
import { readSections, type Sections } from '../lbackup/sections.js'
import { count } from '../text/measure.js'
import type { RunContext } from './context.js'

/** The copies that are known, and those of them that stand now. */
export interface History {
  readonly book: SlotBook
  readonly copies: readonly StandingCopy[]
  /** The sections as they were when this was found out. */
  readonly sections: Sections
  readonly findings: readonly ReportedFinding[]
}

/** Given the run, return what is known of copies; nothing is adopted, looked at or written. */
export function knownHistory({ stateFolder, environment }: RunContext, sections: Sections): History {
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
  const adopted = known.adoptedAt === null ? adoptAll(context, known, sections) : { book: known, findings: [] }
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
  const { source, environment, config, system } = context
  const found = adopt({
    source,
    backupDest: environment.backupDest,
    sections,
    everyFile: config.search.everyFile,
  })
  const adopted = found.reduce(withCopy, { ...book, adoptedAt: system.now().toISOString() })
  if (found.length === 0) return { book: adopted, findings: [] }
  const message = `${count(found.length, 'copy', 'copies')} that ${found.length === 1 ? 'was' : 'were'} there before ${found.length === 1 ? 'is' : 'are'} kept as best known until something newer is proven.`
  return { book: adopted, findings: [{ code: 'copies-adopted', severity: 'info', message }] }
}

const bookDamaged = (why: string): ReportedFinding => ({
  code: 'book-damaged',
  severity: 'warning',
  message: `What was known of older copies cannot be used (slots.json: ${why}); all sections were searched again, and no older copy counts as proven.`,
})
