import { OperationalError } from '../finding/operational-error.js'
import type { Section } from '../lbackup/sections.js'
import { dressFolder } from '../system/dress.js'
import { isSame, makeFolderIn } from '../system/folder-writes.js'
import { closeFolder, look, openFolder, openFolderIn, type Folder } from '../system/folder.js'
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
 * Given a section and a path in it, hold the folder that holds that place; folders that are missing on the way are made
 * if `make`, like the one above. Throws OperationalError where the section is another one by now, or a link is in the way.
 */
export function holdPlace(section: Section, copyPath: RawPath, { make }: { make: boolean }): SectionPlace {
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
      const next = make && look(folder, name) === undefined ? madeLike(folder, name) : openFolderIn(folder, name)
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

function madeLike(folder: Folder, name: RawPath): Folder {
  const made = makeFolderIn(folder, name)
  dressFolder(made, folder.stats)
  return made
}

const moved = (path: RawPath): OperationalError =>
  new OperationalError(
    'place-moved',
    `${printable(path)} was moved or replaced by somebody while an image was put there.`,
    'Find out who writes into the backup disk.',
  )
