import { dressFileIn } from '../system/dress.js'
import { cloneIn, linkIn } from '../system/folder-writes.js'
import type { Folder } from '../system/folder.js'
import type { RawPath } from '../text/raw-path.js'

/** `clone` is turned to false by the first member that cannot be cloned; all are linked, or copied, from then on. */
export interface Taking {
  clone: boolean
  /** Instead of linking. */
  readonly copy?: (from: Folder, name: RawPath, to: Folder, newName: RawPath) => void
}

/** Given two held folders, give a file of the first a name in the second: a reflink, or a hard link or copy. */
export function take(taking: Taking, from: Folder, name: RawPath, to: Folder, newName: RawPath): void {
  if (taking.clone) {
    // The owner and mode of the very file that was cloned: the name may be another file's by now.
    const stats = cloneIn(from, name, to, newName)
    if (stats !== undefined) return dressFileIn(to, newName, stats)
    taking.clone = false
  }
  if (taking.copy === undefined) linkIn(from, name, to, newName)
  else taking.copy(from, name, to, newName)
}
