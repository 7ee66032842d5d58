import type { Section } from '../lbackup/sections.js'
import { readManifest } from '../prove/manifest-file.js'
import type { TrustedCopy } from '../prove/proof-type.js'
import type { History } from './history.js'

/** More would take more time than they save reading. */
const most = 2

/**
 * Given what is known, return the newest copies of a slot, outside of the new section, whose manifests vouch: their
 * digests stand in the state folder, and nobody opened the copy for writing. A manifest is read when it is asked for.
 */
export function trustedCopies({ copies }: Pick<History, 'copies'>, slot: string, section: Section): TrustedCopy[] {
  return copies
    .filter(({ known }) => known.label.slot === slot && known.opened === undefined && known.label.manifest !== null)
    .filter((copy) => copy.section?.inode !== section.inode)
    .sort((one, other) => (one.section?.number ?? Infinity) - (other.section?.number ?? Infinity))
    .slice(0, most)
    .map(({ known: { label }, image, manifestFolder }) => ({
      image,
      read() {
        const manifest = label.manifest && readManifest(manifestFolder, slot, label.container, label.manifest)
        return manifest === null || 'unusable' in manifest ? undefined : manifest
      },
    }))
}
