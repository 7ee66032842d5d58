import { makeFolderIn, makeOrOpenFolderIn, renameIn, syncFolderIn } from '../system/folder-writes.js'
import { closeFolder, look, openFolder, openFolderIn, type Folder } from '../system/folder.js'
import { join, type RawPath } from '../text/raw-path.js'
import { ownStoreFolder } from './work-folder.js'

export interface SaveOrder {
  /** Held; the image lies in its `old`. */
  readonly folder: Folder
  readonly imageName: RawPath
  readonly backupDest: RawPath
  /** What was worked on: a slot, perhaps with a suffix. */
  readonly name: RawPath
  readonly runId: RawPath
}

/** Bring an image that cannot go back to its place into the store, and return its path there. Throws OperationalError. */
export function saveOld({ folder, imageName, backupDest, name, runId }: SaveOrder): RawPath {
  const held: Folder[] = []
  const hold = (one: Folder): Folder => {
    held.push(one)
    return one
  }
  try {
    const old = hold(openFolderIn(folder, 'old' as RawPath))
    const slot = hold(makeOrOpenFolderIn(hold(openFolder(ownStoreFolder(backupDest, 'kept'))), name))
    const saved = hold(makeFolderIn(slot, freeName(slot, runId)))
    renameIn(old, imageName, saved, imageName)
    syncFolderIn(saved)
    return join(saved.path, imageName)
  } finally {
    held.forEach(closeFolder)
  }
}

/** A run may have to save two images of one slot: that of a repair, and that of keeping an older copy. */
function freeName(slot: Folder, runId: RawPath): RawPath {
  for (let number = 1; ; number += 1) {
    const name = `recovered-${runId}${number === 1 ? '' : `-${String(number)}`}` as RawPath
    if (look(slot, name) === undefined) return name
  }
}
