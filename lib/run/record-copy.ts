import { OperationalError } from '../finding/operational-error.js'
import type { ReportedFinding, ReportImage } from '../generated/report.js'
import type { RunImage } from '../generated/run.js'
import type { SlotBook } from '../generated/slots.js'
import { unvouched } from '../keep/best.js'
import { withCopy } from '../keep/book.js'
import { sectionMark } from '../keep/section-mark.js'
import { writeSectionFiles } from '../keep/section-files.js'
import { finishWork, openWork } from '../keep/work-folder.js'
import type { Manifest } from '../manifest/manifest-type.js'
import type { Section } from '../lbackup/sections.js'
import type { RunContext } from './context.js'
import { labelOf, takenAt, type NewLabel } from './label.js'
import type { SettleRequest } from './settle-type.js'

/** The book with the copy in it, and what could not be done. */
export interface RecordedCopy {
  readonly book: SlotBook
  readonly findings: readonly ReportedFinding[]
}

/** Given a copy that stays as this night made it, write its label and manifest into the section and into the book. */
export function recordCopy(
  { context, look }: SettleRequest,
  image: RunImage,
  reported: ReportImage,
  manifest: Manifest | undefined,
  book: SlotBook,
): RecordedCopy {
  const label = labelOf(look.record, image, reported, takenAt(look.record, image))
  return recordLabel(context, look.section, label, manifest, book)
}

/**
 * As `recordCopy`, of whatever label. A section that is itself the image has no place for files of ours. Where the disk
 * refuses them the book knows the copy all the same.
 */
export function recordLabel(
  { environment: { backupDest }, runId }: RunContext,
  section: Section,
  label: NewLabel,
  manifest: Manifest | undefined,
  book: SlotBook,
): RecordedCopy {
  const place = { section: sectionMark(section) }
  const bare = unvouched({ ...label, schema: 'copy/1', manifest: null })
  if (section.kind !== 'folder') return { book: withCopy(book, { label: bare, place }), findings: [] }
  try {
    const work = openWork(backupDest, runId, label.slot)
    try {
      const written = writeSectionFiles(work, section, label, manifest)
      return { book: withCopy(book, { label: written, place }), findings: [] }
    } finally {
      finishWork(work, backupDest)
    }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return { book: withCopy(book, { label: bare, place }), findings: [notWritten(label, error)] }
  }
}

/** The book lies on another disk: the copy is known, and will be compared again. */
const notWritten = ({ path }: NewLabel, { message, cure }: OperationalError): ReportedFinding => ({
  code: 'manifest-unwritten',
  severity: 'error',
  message: `What is known of the copy of ${path} could not be written beside it, so nothing vouches for that copy. ${message}`,
  cure,
})
