import type { ReportImage } from '../generated/report.js'
import type { SlotBook } from '../generated/slots.js'
import { printable } from '../text/printable.js'
import { relativeTo } from '../text/raw-path.js'
import type { RunContext } from './context.js'
import type { SectionLook } from './look-at-section.js'
import { recordLabel } from './record-copy.js'

/**
 * Given what a section holds of a source on another machine, whose images are seen only here, write a label for each
 * copy of which something good can be said, and return the book with them: rotation must not take the last one.
 */
export function recordFound(
  context: RunContext,
  { section, record, discovery, structures }: SectionLook,
  images: readonly ReportImage[],
  book: SlotBook,
): SlotBook {
  return discovery.images.reduce((known, image) => {
    const reported = images.find(({ slot }) => slot === image.slot)
    const counts = structures.get(image.path)?.counts
    if (reported === undefined || reported.verdict !== 'complete' || counts === undefined) return known
    const label = {
      slot: image.slot,
      run: record.id,
      madeAt: record.startedAt,
      verdict: reported.verdict,
      reason: reported.reason,
      // Inode and birth are those of the copy, and say nothing of the image.
      identity: image.identity.startsWith('uuid:') ? image.identity : null,
      user: reported.user,
      ownerUid: image.ownerUid,
      path: reported.path,
      copyPath: section.kind === 'folder' ? printable(relativeTo(image.path, section.path)) : '',
      container: image.container,
      bytes: counts.bytes,
      members: counts.members,
      older: false,
    }
    return recordLabel(context, section, label, undefined, known).book
  }, book)
}
