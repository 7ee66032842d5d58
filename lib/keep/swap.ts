import type { SectionMark } from '../generated/slots.js'
import type { Section } from '../lbackup/sections.js'
import { systemCode } from '../system/file-system-error.js'
import { renameIn, syncFolderIn, writeFileIn } from '../system/folder-writes.js'
import { closeFolder, look, type Folder } from '../system/folder.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { sectionMark } from './section-mark.js'
import { demandPlace, holdPlace, type SectionPlace } from './section-place.js'
import type { Work } from './work-folder.js'

export const journalName = 'swap.json' as RawPath

/** What a swap is to do: enough to finish it, or to undo it, after a kill. */
export interface SwapJournal {
  readonly schema: 'swap/1'
  readonly section: SectionMark
  /** Printable. */
  readonly copyPath: string
  /** Printable name of the image in `new` and `old`. */
  readonly name: string
}

export interface SwapOrder {
  readonly work: Work
  readonly section: Section
  /** Relative to the section. */
  readonly copyPath: RawPath
  /** Name of the image in the work folder. */
  readonly name: RawPath
}

const tries = 8

/**
 * Put the image that was built in `new` at its place in a section; what lies there comes into `old`. Returns whether
 * something did. A kill between the two renames is put right by `recoverWork`. Throws OperationalError, and then the
 * place holds what it held before.
 */
export function swapIn({ work, section, copyPath, name }: SwapOrder): { replaced: boolean } {
  const place = holdPlace(section, copyPath, { make: true })
  try {
    const journal: SwapJournal = {
      schema: 'swap/1',
      section: sectionMark(section),
      copyPath: printable(copyPath),
      name: printable(name),
    }
    writeFileIn(work.folder, journalName, `${JSON.stringify(journal)}\n`)
    syncFolderIn(work.folder)
    const replaced = moveAside(place, work, name)
    try {
      moveIn(place, work, name)
    } catch (error) {
      if (replaced) putBack(place, work, name)
      throw error
    }
    syncFolderIn(place.folder)
    return { replaced }
  } finally {
    closeFolder(place.folder)
  }
}

function moveAside(place: SectionPlace, work: Work, name: RawPath): boolean {
  demandPlace(place)
  if (look(place.folder, place.name) === undefined) return false
  renameIn(place.folder, place.name, work.old, name)
  return true
}

/** A user may plant something at the empty place; that goes out of the way, as often as he is let. */
function moveIn(place: SectionPlace, work: Work, name: RawPath): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      demandPlace(place)
      renameIn(work.built, name, place.folder, place.name)
      break
    } catch (error) {
      if (!isTaken(error) || attempt === tries) throw error
      renameIn(place.folder, place.name, work.old, `planted-${String(attempt)}` as RawPath)
    }
  }
  try {
    demandPlace(place)
  } catch (error) {
    renameIn(place.folder, place.name, work.built, name)
    throw error
  }
}

const isTaken = (error: unknown): boolean =>
  ['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EISDIR'].includes(systemCode(error) ?? '')

function putBack({ folder, name: placeName }: SectionPlace, { old }: { readonly old: Folder }, name: RawPath): void {
  renameIn(old, name, folder, placeName)
}
