import type { SectionMark } from '../generated/slots.js'
import { readFileIn, type Folder } from '../system/folder.js'
import { unlinkIn, writeFileIn } from '../system/folder-writes.js'
import type { RawPath } from '../text/raw-path.js'

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
const mostBytes = 1024 * 1024

/** Given a seed's work folder, held, note what is about to be put into a section. Throws OperationalError. */
export function writeJournal(folder: Folder, journal: SeedJournal): void {
  writeFileIn(folder, name, `${JSON.stringify(journal)}\n`)
}

/** Given a seed's work folder, held, note that nothing of it lies in a section any more. Throws OperationalError. */
export const removeJournal = (folder: Folder): void => unlinkIn(folder, name)

/** Given a seed's work folder, held, return its journal; undefined: nothing was put into a section yet. */
export function readJournal(folder: Folder): SeedJournal | undefined {
  try {
    const journal = JSON.parse(readFileIn(folder, name, 0, mostBytes).toString('utf8')) as SeedJournal
    return journal.schema === 'seed/1' ? journal : undefined
  } catch {
    // Written whole, and synced, before anything is put anywhere.
    return undefined
  }
}
