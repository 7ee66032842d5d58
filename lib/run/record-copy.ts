import type { ReportImage } from '../generated/report.js'
import type { RunImage } from '../generated/run.js'
import type { SlotBook } from '../generated/slots.js'
import { withCopy } from '../keep/book.js'
import { sectionMark } from '../keep/section-mark.js'
import { writeSectionFiles } from '../keep/section-files.js'
import { finishWork, openWork } from '../keep/work-folder.js'
import type { Manifest } from '../manifest/manifest-type.js'
import type { Section } from '../lbackup/sections.js'
import type { RunContext } from './context.js'
import { labelOf, type NewLabel } from './label.js'
import type { SettleRequest } from './settle-type.js'

/** Given a copy that stays as this night made it, write its label and manifest into the section and into the book. */
export function recordCopy(
  { context, look }: SettleRequest,
  image: RunImage,
  reported: ReportImage,
  manifest: Manifest | undefined,
  book: SlotBook,
): SlotBook {
  const label = labelOf(look.record, image, reported, new Date(look.record.startedAt))
  return recordLabel(context, look.section, label, manifest, book)
}

/** As `recordCopy`, of whatever label. A section that is itself the image has no place for files of ours. */
export function recordLabel(
  { environment: { backupDest }, runId }: RunContext,
  section: Section,
  label: NewLabel,
  manifest: Manifest | undefined,
  book: SlotBook,
): SlotBook {
  const place = { section: sectionMark(section) }
  if (section.kind !== 'folder') return withCopy(book, { label: { ...label, schema: 'copy/1', manifest: null }, place })
  const work = openWork(backupDest, runId, label.slot)
  try {
    return withCopy(book, { label: writeSectionFiles(work, section, label, manifest), place })
  } finally {
    finishWork(work, backupDest)
  }
}
