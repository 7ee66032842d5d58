import { openOwnFolder } from '../lbackup/own-folder.js'
import { storeFolder } from '../lbackup/store.js'
import { realPath } from '../system/file.js'
import { makeFolderIn, makeOrOpenFolderIn, unlinkIn } from '../system/folder-writes.js'
import { closeFolder, names, openFolder, type Folder } from '../system/folder.js'
import { isKeptByUser, removeTreeIn } from '../system/remove-tree.js'
import { baseName, join, type RawPath } from '../text/raw-path.js'

/** In a work folder: what a swap was to do. */
export const journalName = 'swap.json' as RawPath

/** What is built in `work` is done with at once; what is noted in `seeds` stays until LBackup has rotated. */
export type Workshop = 'work' | 'seeds'

/** Where one image is built or taken apart: folders of ours on the backup disk, held. Nobody else may enter them. */
export interface Work {
  readonly backupDest: RawPath
  readonly workshop: Workshop
  readonly run: Folder
  readonly name: RawPath
  /** Holds `new`, `old` and swap.json. */
  readonly folder: Folder
  readonly built: Folder
  readonly old: Folder
  /** What its journal tells of is still to be done: nothing may be removed. */
  unfinished: boolean
}

/** Given LBackup's backupDest and the name of one of our folders in it, make it and return its path. */
export function ownStoreFolder(backupDest: RawPath, name: Workshop | 'kept' | 'checks'): RawPath {
  const store = storeFolder(realPath(backupDest) ?? backupDest)
  openOwnFolder(store, { anyOwner: true })
  const path = join(store, name)
  openOwnFolder(path, { anyOwner: true })
  return path
}

/** Given a run and what is to be worked on (a slot, perhaps with a suffix), return its work folder, made anew. */
export function openWork(backupDest: RawPath, runId: string, name: string, workshop: Workshop = 'work'): Work {
  const root = openFolder(ownStoreFolder(backupDest, workshop))
  const opened = [root]
  const hold = (folder: Folder): Folder => {
    opened.push(folder)
    return folder
  }
  try {
    const run = hold(makeOrOpenFolderIn(root, runId as RawPath))
    removeTreeIn(run, name as RawPath)
    const folder = hold(makeFolderIn(run, name as RawPath))
    const [built, old] = ['new', 'old'].map((part) => hold(makeFolderIn(folder, part as RawPath))) as [Folder, Folder]
    opened.length = 1
    return { backupDest, workshop, run, name: name as RawPath, folder, built, old, unfinished: false }
  } finally {
    opened.forEach(closeFolder)
  }
}

/**
 * Given a work folder, remove it with all that is left in it, and its run's folder where that is empty now. What users
 * keep from being removed stays, and `recoverWork` tells of it. Throws OperationalError.
 */
export function finishWork(work: Work, backupDest: RawPath): void {
  const { run, name, folder, built, old, unfinished, workshop } = work
  try {
    if (unfinished) return
    // First, so that nobody who finds half of an old image takes it for one to be put back.
    unlinkIn(folder, journalName)
    removeTreeIn(run, name)
    if (names(run).length === 0) removeRun(backupDest, workshop, run)
  } catch (error) {
    if (!isKeptByUser(error)) throw error
  } finally {
    for (const held of [built, old, folder, run]) closeFolder(held)
  }
}

function removeRun(backupDest: RawPath, workshop: Workshop, { path }: Folder): void {
  const root = openFolder(ownStoreFolder(backupDest, workshop))
  try {
    removeTreeIn(root, baseName(path))
  } finally {
    closeFolder(root)
  }
}
