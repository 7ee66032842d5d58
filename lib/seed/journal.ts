import type { SectionMark } from '../generated/slots.js'
import { readJournal, writeJournal } from '../keep/journal.js'
import { OperationalError } from '../finding/operational-error.js'
import { unlinkIn } from '../system/folder-writes.js'
import { closeFolder, names, openFolderIn, type Folder } from '../system/folder.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'

/** What must be known to take a seed out of its section again. It lies on the backup disk, beside the seed's work folder. */
export interface SeedJournal {
  readonly schema: 'seed/1'
  readonly section: SectionMark
  /** Printable; relative to the section. */
  readonly copyPath: string
  /** A bundle's folder, or the file. */
  readonly seed: SectionMark
  /** Folders on the way to it that were not there, outermost first; printable, relative to the section. */
  readonly made: readonly string[]
}

const name = 'seed.json' as RawPath

/** Given a seed's work folder, held, note what is about to be put into a section. Throws OperationalError. */
export const noteSeed = (folder: Folder, journal: SeedJournal): void => writeJournal(folder, name, journal)

/** Given a seed's work folder, held, note that nothing of it lies in a section any more. Throws OperationalError. */
export const forgetSeed = (folder: Folder): void => unlinkIn(folder, name)

/**
 * Given a seed's work folder, held, return its journal; undefined: nothing was put into a section yet. Throws
 * OperationalError where nobody can tell.
 */
export function notedSeed(folder: Folder): SeedJournal | undefined {
  const journal = readJournal<SeedJournal>(folder, name, 'seed/1')
  if (journal !== 'damaged') return journal
  // A journal that was never finished was written before anything was put anywhere.
  if (isStillBuilt(folder)) return undefined
  throw new OperationalError(
    'journal-damaged',
    `${printable(join(folder.path, name))} cannot be used, so it is not known where in a section the linked copy lies.`,
    'Look in the newest sections for a copy at a path where its image never lay, remove it, then remove that folder.',
  )
}

/** Given a seed's work folder, held, tell whether the seed lies in it and never came into a section. */
export function isStillBuilt(folder: Folder): boolean {
  const built = openFolderIn(folder, 'new' as RawPath)
  try {
    return names(built).length > 0
  } finally {
    closeFolder(built)
  }
}
