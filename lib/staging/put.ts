import { renameIn, syncFolderIn } from '../system/folder-writes.js'
import { look } from '../system/folder.js'
import { removeTreeIn } from '../system/remove-tree.js'
import { join, type RawPath } from '../text/raw-path.js'
import type { StagingSite } from './apply.js'
import { note } from './book.js'
import { demandUnmounted } from './folder.js'
import type { StagedEntry } from './staging-type.js'

/**
 * Given a site and the entry of an image that lies whole in the work folder, put it at its place instead of what stands
 * there. Killed in between, neither counts; until then the old one does, from then on the new one. Throws OperationalError.
 */
export function putInPlace(site: StagingSite, entry: StagedEntry): void {
  const { staging, work } = site
  const slot = entry.name as RawPath
  const old = `${slot}.old` as RawPath
  demandUnmounted(join(staging.path, slot))
  removeTreeIn(work, old)
  note(site, { ...entry, standing: false })
  // To remove it takes long, to move it does not.
  if (look(staging, slot) !== undefined) renameIn(staging, slot, work, old)
  renameIn(work, slot, staging, slot)
  syncFolderIn(staging)
  note(site, { ...entry, standing: true })
  removeTreeIn(work, old)
}
