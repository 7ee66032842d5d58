import type { ReportImage } from '../generated/report.js'
import type { RunImage } from '../generated/run.js'
import type { SlotBook } from '../generated/slots.js'
import { withCopy } from '../keep/book.js'
import { sectionMark } from '../keep/section-mark.js'
import { writeSectionFiles } from '../keep/section-files.js'
import { finishWork, openWork } from '../keep/work-folder.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { labelOf } from './label.js'
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
  const work = openWork(context.environment.backupDest, context.runId, image.slot)
  try {
    const written = writeSectionFiles(work, look.section, label, manifest)
    return withCopy(book, { label: written, place: { section: sectionMark(look.section) } })
  } finally {
    finishWork(work, context.environment.backupDest)
  }
}
