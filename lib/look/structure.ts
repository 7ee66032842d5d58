import type { FindingCode } from '../finding/codes.js'
import { OperationalError } from '../finding/operational-error.js'
import type { StructureOptions } from '../image/bundle-structure.js'
import { findingList } from '../image/finding-list.js'
import { fingerprint } from '../image/fingerprint.js'
import type { Image } from '../image/image.js'
import { checkSparseImage } from '../image/sparse-image-structure.js'
import type { Structure } from '../image/structure-type.js'
import { systemCode } from '../system/file-system-error.js'
import { withFileIn } from '../system/folder-looks.js'
import { closeFolder, openFolderIn, withFolder } from '../system/folder.js'
import { baseName, parent } from '../text/raw-path.js'
import type { See } from './band-list.js'
import { lookAtBundle } from './bundle.js'
import { facts } from './members.js'

/**
 * Given an image and options, look at its structure without any key and return it. Links are never followed. What may
 * not be read is a finding of its own, never damage; what changes meanwhile is a finding too. Blocks until it is done:
 * some microseconds for each band, and a file opened for each name in `mapped/`. `see` hears of each member.
 */
export function lookAtStructure(
  image: Pick<Image, 'path' | 'container'>,
  options: StructureOptions,
  see?: See,
): Structure {
  const name = baseName(image.path)
  try {
    return withFolder(parent(image.path), (folder) => {
      if (image.container === 'sparse-image') {
        return withFileIn(folder, name, ({ stats, read }) => {
          see?.('', name, stats)
          return checkSparseImage(name, facts(stats), read, options)
        })
      }
      const bundle = openFolderIn(folder, name)
      try {
        return lookAtBundle(bundle, name, options, see)
      } finally {
        closeFolder(bundle)
      }
    })
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return unseenStructure(error)
  }
}

const swapped = ['ELOOP', 'ENOTDIR', 'ENOTFILE', 'ENXIO']

/** Given why an image could not be looked at, return that as its structure: a finding, never damage. */
export function unseenStructure(error: OperationalError): Structure {
  const findings = findingList(false)
  const system = systemCode(error) ?? ''
  const code: FindingCode =
    system === 'ENOENT' ? 'image-missing' : swapped.includes(system) ? 'image-swapped' : 'member-unreadable'
  findings.add(code, 'error', error.message, { cure: error.cure })
  const counts = { members: 0, bands: 0, possibleBands: 0, shortBands: 0, bytes: 0, virtualBytes: 0 }
  return { findings: findings.all(), encryption: 'unknown', counts, ...fingerprint().digests(), newestChange: 0 }
}
