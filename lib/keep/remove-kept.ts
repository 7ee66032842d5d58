import { storeFolder } from '../lbackup/store.js'
import { lookAt, realPath } from '../system/file.js'
import { renameIn, syncFolderIn } from '../system/folder-writes.js'
import { closeFolder, look, openFolder, openFolderIn, type Folder } from '../system/folder.js'
import { join, type RawPath } from '../text/raw-path.js'
import { finishWork, openWork } from './work-folder.js'

/** What is to be removed from the store. */
export interface RemoveOrder {
  readonly backupDest: RawPath
  /** Names the folder in `work`; no other work of that run may be going on for the slot. */
  readonly runId: string
  readonly slot: string
  /** undefined: everything that is kept of the slot. */
  readonly generation?: string
}

/**
 * Take a slot, or one generation of it, out of the store by one rename into our work folder, and remove it there. A kill
 * at any moment leaves in the store the whole of it or nothing; `recoverWork` removes the rest, and tells of what users
 * keep from being removed. None there is fine. Write the book afterwards: a copy that it names and that does not stand is
 * dropped, but one that it does not name any more and that still stands is vouched for by nobody. Throws OperationalError.
 */
export function removeKept({ backupDest, runId, slot, generation }: RemoveOrder): void {
  const path = join(storeFolder(realPath(backupDest) ?? backupDest), 'kept')
  if (lookAt(path) === undefined) return
  const held = [openFolder(path)]
  try {
    let [from, name] = [held[0] as Folder, slot as RawPath]
    if (look(from, name) === undefined) return
    if (generation !== undefined) {
      from = openFolderIn(from, name)
      held.push(from)
      name = generation as RawPath
      if (look(from, name) === undefined) return
    }
    moveOut(from, name, { backupDest, runId, slot })
  } finally {
    held.forEach(closeFolder)
  }
}

function moveOut(from: Folder, name: RawPath, { backupDest, runId, slot }: RemoveOrder): void {
  const work = openWork(backupDest, runId, `${slot}-removed`)
  try {
    renameIn(from, name, work.folder, 'removed' as RawPath)
    syncFolderIn(from)
  } finally {
    finishWork(work, backupDest)
  }
}
