import { dressFolder } from '../system/dress.js'
import { makeOrOpenFolderIn } from '../system/folder-writes.js'
import { closeFolder, look, names, type Folder } from '../system/folder.js'
import { removeTreeIn } from '../system/remove-tree.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { refused } from './words.js'

/**
 * Given where a bundle is restored, the name it is built under and the copy's stats, make and hold that folder; one that
 * an earlier attempt left is taken back, so that nobody else gets in while it is filled. Throws OperationalError where
 * somebody else put something there; it is left as it is.
 */
export function holdBuild(folder: Folder, name: RawPath, copy: Folder['stats']): Folder {
  demandOurs(folder, name, copy)
  const held = makeOrOpenFolderIn(folder, name)
  try {
    if (!isOurs(held.stats, copy)) throw foreign(folder, name)
    dressFolder(held, { ...held.stats, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mode: 0o700 })
    return held
  } catch (error) {
    closeFolder(held)
    throw error
  }
}

/** Throws where what stands under the name was put there by somebody else. */
export function demandOurs(folder: Folder, name: RawPath, copy: Folder['stats']): void {
  const standing = look(folder, name)
  if (standing !== undefined && !isOurs(standing, copy)) throw foreign(folder, name)
}

/** The last step of an attempt gives it to the image's owner. */
const isOurs = (standing: Folder['stats'], copy: Folder['stats']): boolean =>
  standing.isDirectory() === copy.isDirectory() &&
  !standing.isSymbolicLink() &&
  [process.getuid?.(), copy.uid].includes(standing.uid)

/** Given a folder that is built and the names that belong in it, remove all others: an attempt with another copy left them. */
export function removeOthers(folder: Folder, wanted: ReadonlySet<string>): void {
  for (const name of names(folder)) if (!wanted.has(name)) removeTreeIn(folder, name)
}

const foreign = (folder: Folder, name: RawPath) =>
  refused(
    `${printable(join(folder.path, name))}, where the image would be built, was put there by somebody else; it is left as it is.`,
    'Look what it is and remove it, or restore to another folder.',
  )
