import type { Discovery } from '../discover/discovery.js'
import type { ReportImage } from '../generated/report.js'
import type { RunRecord } from '../generated/run.js'
import type { Image } from '../image/image.js'
import type { Structure } from '../image/structure-type.js'
import { pathInSection, pathInSource } from '../lbackup/path-mapping.js'
import type { Section } from '../lbackup/sections.js'
import { fromPrintable, printable } from '../text/printable.js'
import { relativeTo, type RawPath } from '../text/raw-path.js'
import { ownerName } from './owner-name.js'
import { sourceOf, wasLookedAt } from './recorded.js'

/**
 * Given the images found in a section, what they look like, and the copies that were planned, return the others. Of a
 * local source each is an error: it appeared or moved during the run, and nothing is known of what used it. Of a remote
 * client, whose images cannot be seen from here, each is judged by its structure and is never plainly fine.
 */
export function unplannedImages(
  { images }: Discovery,
  structures: ReadonlyMap<RawPath, Structure>,
  planned: ReadonlySet<RawPath>,
  record: RunRecord,
  section: Section,
): ReportImage[] {
  const source = sourceOf(record)
  const root = pathInSection(source, source.path, section.path, section.kind) ?? section.path
  return images
    .filter(({ path }) => !planned.has(path))
    .map((image) => {
      const structure = structures.get(image.path) as Structure
      const original = pathInSource(source, image.path, section.path, section.kind)
      return {
        slot: image.slot,
        path: printable(original ?? relativeTo(image.path, section.path)),
        user: ownerName({ ...image, root }, [], new Map()),
        ...judgement(structure, record, original, image),
        usedBy: [],
        findings: structure.findings,
        bytes: structure.counts.bytes,
        members: structure.counts.members,
        waitedSeconds: 0,
      }
    })
}

function judgement(
  { findings }: Structure,
  record: RunRecord,
  original: RawPath | undefined,
  { recognised }: Image,
): Pick<ReportImage, 'verdict' | 'loudness' | 'reason'> {
  const [error] = findings.filter(({ severity }) => severity === 'error')
  if (error !== undefined || !recognised) {
    const what = error?.message.replace(/\.$/, '') ?? 'its content is no image'
    return { verdict: 'bad', loudness: 'error', reason: `the copy is damaged: ${what}` }
  }
  if (!wasLookedAt(record)) {
    const reason =
      'its structure is right; what used the image on the client is not known, and its bytes were not compared'
    return { verdict: 'complete', loudness: 'warning', reason }
  }
  const known = record.images.some(({ path }) => original !== undefined && fromPrintable(path) === original)
  const reason = known
    ? 'it was to be left out, yet a copy is in the section'
    : 'no plan names it: it appeared or moved during the run'
  return { verdict: 'suspect', loudness: 'error', reason }
}
