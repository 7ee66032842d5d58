import { OperationalError } from '../finding/operational-error.js'
import type { Section } from '../lbackup/sections.js'
import { dressFolder } from '../system/dress.js'
import { isSame, makeFolderIn, renameIn } from '../system/folder-writes.js'
import { closeFolder, look, openFolder, openFolderIn, type Folder } from '../system/folder.js'
import { removeTreeIn } from '../system/remove-tree.js'
import { printable } from '../text/printable.js'
import { baseName, parent, type RawPath } from '../text/raw-path.js'

/** A place in a section, by the folder that holds it. Users may own that folder and all above it. */
export interface SectionPlace {
  /** Held. */
  readonly folder: Folder
  readonly name: RawPath
  /** Folders from the section down to the one that holds the place. */
  readonly way: readonly RawPath[]
  readonly section: Section
}

/**
 * Given a section and a path in it, hold the folder that holds that place; with `makeIn`, a held folder of ours, those
 * that are missing on the way are made there, like the one above, and moved in. Throws OperationalError where the section
 * is another one by now, or a link is in the way.
 */
export function holdPlace(section: Section, copyPath: RawPath, { makeIn }: { makeIn?: Folder } = {}): SectionPlace {
  if (copyPath === '') {
    const message = `${printable(section.path)} itself is the image, since LBackup's source is that one file; nothing can be put in its place.`
    throw new OperationalError('section-is-image', message, 'Let LBackup back up the folder that holds the image.')
  }
  const way = parent(copyPath)
    .split('/')
    .filter((name) => name !== '') as RawPath[]
  let folder = openFolder(section.path)
  try {
    if (folder.stats.ino !== section.inode) throw moved(section.path)
    for (const name of way) {
      if (makeIn !== undefined && look(folder, name) === undefined) moveInLike(folder, name, makeIn)
      const next = openFolderIn(folder, name)
      closeFolder(folder)
      folder = next
    }
    return { folder, name: baseName(copyPath), way, section }
  } catch (error) {
    closeFolder(folder)
    throw error
  }
}

/** Throws where the held folder is no longer the one that lies at its place in the section. */
export function demandPlace({ folder, way, section }: SectionPlace): void {
  let at = openFolder(section.path)
  try {
    for (const name of way) {
      const next = openFolderIn(at, name)
      closeFolder(at)
      at = next
    }
    if (!isSame(folder.stats, at.stats)) throw moved(folder.path)
  } finally {
    closeFolder(at)
  }
}

/** Given its owner where its user cannot reach it: in his folder he could put another one under the name meanwhile. */
function moveInLike(folder: Folder, name: RawPath, ours: Folder): void {
  const temporary = 'way' as RawPath
  removeTreeIn(ours, temporary)
  const made = makeFolderIn(ours, temporary)
  try {
    dressFolder(made, folder.stats)
  } finally {
    closeFolder(made)
  }
  renameIn(ours, temporary, folder, name)
  keepTimes(folder)
}

/** The folder keeps the time that rsync gave it; where that is not ours to say, it has the time of the change. */
export function keepTimes(folder: Folder): void {
  try {
    dressFolder(folder, folder.stats)
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
  }
}

const moved = (path: RawPath): OperationalError =>
  new OperationalError(
    'place-moved',
    `${printable(path)} was moved or replaced by somebody while an image was put there.`,
    'Find out who writes into the backup disk.',
  )
