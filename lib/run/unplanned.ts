import type { Discovery } from '../discover/discovery.js'
import type { ReportImage } from '../generated/report.js'
import type { RunRecord } from '../generated/run.js'
import type { Structure } from '../image/structure-type.js'
import type { Section } from '../lbackup/sections.js'
import { printable } from '../text/printable.js'
import { relativeTo, type RawPath } from '../text/raw-path.js'
import { ownerName } from './owner-name.js'

/**
 * Given the images found in a section, what they look like, and the copies that were planned, return the others. Of a local source each is an
 * error: it appeared or moved during the run, and nothing is known of what used it. Of a remote client, whose images
 * cannot be seen from here, each is judged by its structure and is never plainly fine.
 */
export function unplannedImages(
  { images }: Discovery,
  structures: ReadonlyMap<RawPath, Structure>,
  planned: ReadonlySet<RawPath>,
  record: RunRecord,
  section: Section,
): ReportImage[] {
  const others = images.filter(({ path }) => !planned.has(path))
  return others.map((image) => {
    const structure = structures.get(image.path) as Structure
    return {
      slot: image.slot,
      path: printable(relativeTo(image.path, section.path)),
      user: ownerName(image, [], new Map()),
      ...judgement(structure, record, printable(image.path)),
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
  { useSSH, images }: RunRecord,
  path: string,
): Pick<ReportImage, 'verdict' | 'loudness' | 'reason'> {
  const [error] = findings.filter(({ severity }) => severity === 'error')
  if (error !== undefined) {
    return { verdict: 'bad', loudness: 'error', reason: `the copy is damaged: ${error.message.replace(/\.$/, '')}` }
  }
  if (useSSH) {
    const reason =
      'the structure of the copy is right; what used the image on the client is not known, and its bytes were not compared'
    return { verdict: 'complete', loudness: 'warning', reason }
  }
  const leftOut = images.some(
    ({ copyPath, path: source }) => copyPath !== null && path.endsWith(`/${copyPath}`) && source !== '',
  )
  const reason = leftOut
    ? 'it was to be left out, yet a copy is in the section'
    : 'no plan names it: it appeared or moved during the run'
  return { verdict: 'suspect', loudness: 'error', reason }
}
