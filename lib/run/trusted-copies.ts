import type { Section } from '../lbackup/sections.js'
import { readManifest } from '../prove/manifest-file.js'
import type { TrustedCopy } from '../prove/proof-type.js'
import type { History } from './history.js'

/** More would take more memory than they save reading. */
const most = 2

/**
 * Given what is known, return the newest copies of a slot, outside of the new section, whose manifests vouch: their
 * digests stand in the state folder, and nobody opened the copy for writing.
 */
export function trustedCopies({ copies }: Pick<History, 'copies'>, slot: string, section: Section): TrustedCopy[] {
  const trusted: TrustedCopy[] = []
  const candidates = copies
    .filter(({ known }) => known.label.slot === slot && known.opened === undefined && known.label.manifest !== null)
    .filter((copy) => copy.section?.inode !== section.inode)
    .sort((one, other) => (one.section?.number ?? Infinity) - (other.section?.number ?? Infinity))
  for (const { known, image, manifestFolder } of candidates) {
    if (trusted.length === most) break
    const { label } = known
    if (label.manifest === null) continue
    const manifest = readManifest(manifestFolder, slot, label.container, label.manifest)
    if (!('unusable' in manifest)) trusted.push({ image, manifest })
  }
  return trusted
}
