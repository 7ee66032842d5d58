import { openOwnFolder } from '../lbackup/own-folder.js'
import { storeFolder } from '../lbackup/store.js'
import { realPath } from '../system/file.js'
import { makeFolderIn, makeOrOpenFolderIn } from '../system/folder-writes.js'
import { closeFolder, names, openFolder, type Folder } from '../system/folder.js'
import { removeTreeIn } from '../system/remove-tree.js'
import { join, type RawPath } from '../text/raw-path.js'

/** Where one image is built or taken apart: folders of ours on the backup disk, held. Nobody else may enter them. */
export interface Work {
  readonly run: Folder
  readonly name: RawPath
  /** Holds `new`, `old` and swap.json. */
  readonly folder: Folder
  readonly built: Folder
  readonly old: Folder
}

/** Given LBackup's backupDest and the name of one of our folders in it (work, kept), make it and return its path. */
export function ownStoreFolder(backupDest: RawPath, name: 'work' | 'kept'): RawPath {
  const store = storeFolder(realPath(backupDest) ?? backupDest)
  openOwnFolder(store, { anyOwner: true })
  const path = join(store, name)
  openOwnFolder(path, { anyOwner: true })
  return path
}

/** Given a run and what is to be worked on (a slot, perhaps with a suffix), return its work folder, made anew. */
export function openWork(backupDest: RawPath, runId: string, name: string): Work {
  const root = openFolder(ownStoreFolder(backupDest, 'work'))
  try {
    const run = makeOrOpenFolderIn(root, runId as RawPath)
    removeTreeIn(run, name as RawPath)
    const folder = makeFolderIn(run, name as RawPath)
    const [built, old] = ['new', 'old'].map((part) => makeFolderIn(folder, part as RawPath)) as [Folder, Folder]
    return { run, name: name as RawPath, folder, built, old }
  } finally {
    closeFolder(root)
  }
}

/** Given a work folder, remove it with all that is left in it, and its run's folder where that is empty now. */
export function finishWork({ run, name, folder, built, old }: Work, backupDest: RawPath): void {
  for (const held of [built, old, folder]) closeFolder(held)
  try {
    removeTreeIn(run, name)
  } finally {
    const left = names(run).length
    closeFolder(run)
    if (left === 0) removeRun(backupDest, run)
  }
}

function removeRun(backupDest: RawPath, { path }: Folder): void {
  const root = openFolder(ownStoreFolder(backupDest, 'work'))
  try {
    removeTreeIn(root, path.slice(path.lastIndexOf('/') + 1) as RawPath)
  } finally {
    closeFolder(root)
  }
}
