import { OperationalError } from '../finding/operational-error.js'
import type { CopyLabel } from '../generated/copy.js'
import type { SectionMark } from '../generated/slots.js'
import type { Section } from '../lbackup/sections.js'
import { systemCode } from '../system/file-system-error.js'
import { renameIn, syncFolderIn } from '../system/folder-writes.js'
import { closeFolder, look, type Folder } from '../system/folder.js'
import { printable } from '../text/printable.js'
import { baseName, type RawPath } from '../text/raw-path.js'
import { writeJournal } from './journal.js'
import { saveOld } from './save-old.js'
import { sectionMark } from './section-mark.js'
import { demandPlace, holdPlace, keepTimes, type SectionPlace } from './section-place.js'
import { journalName, type Work } from './work-folder.js'

/** What a swap is to do: enough to finish it, or to undo it, after a kill. */
export interface SwapJournal {
  readonly schema: 'swap/1'
  readonly section: SectionMark
  /** Printable. */
  readonly copyPath: string
  /** Printable name of the image in `new` and `old`. */
  readonly name: string
  /** What is known of the new image once it stands, where that is an older copy. */
  readonly label?: CopyLabel
}

export interface SwapOrder {
  readonly work: Work
  readonly section: Section
  /** Relative to the section. */
  readonly copyPath: RawPath
  /** Name of the image in the work folder. */
  readonly name: RawPath
  readonly label?: CopyLabel
}

const tries = 8

/**
 * Put the image that was built in `new` at its place in a section; what lies there comes into `old`. Returns whether
 * something did. A kill between the two renames is put right by `recoverWork`. Throws OperationalError, and then the
 * place holds what it held before, or somebody keeps it from that, and the store holds it.
 */
export function swapIn({ work, section, copyPath, name, label }: SwapOrder): { replaced: boolean } {
  const place = holdPlace(section, copyPath, { makeIn: work.folder })
  try {
    const journal: SwapJournal = {
      schema: 'swap/1',
      section: sectionMark(section),
      copyPath: printable(copyPath),
      name: printable(name),
      ...(label === undefined ? {} : { label }),
    }
    writeJournal(work.folder, journalName, journal)
    syncFolderIn(work.folder)
    const replaced = moveAside(place, work, name)
    try {
      moveIn(place, work, name)
    } catch (error) {
      if (replaced) giveBack(place, work, name)
      throw error
    }
    keepTimes(place.folder)
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

function moveIn(place: SectionPlace, work: Work, name: RawPath): void {
  push(work.built, name, place, work, () => {
    demandPlace(place)
  })
  try {
    demandPlace(place)
  } catch (error) {
    renameIn(place.folder, place.name, work.built, name)
    throw error
  }
}

function giveBack(place: SectionPlace, work: Work, name: RawPath): void {
  try {
    push(work.old, name, place, work)
  } catch (error) {
    // Whatever comes of it: `recoverWork` is the next to try.
    work.unfinished = true
    if (!(error instanceof OperationalError)) throw error
    const { folder, backupDest, name: slot, run } = work
    const saved = saveOld({ folder, imageName: name, backupDest, name: slot, runId: baseName(run.path) })
    work.unfinished = false
    throw new OperationalError(
      'place-taken',
      `${error.message} Somebody kept an image from going back to its place in a section; it lies in ${printable(saved)}.`,
      'Find out who writes into the backup disk.',
      { cause: error },
    )
  }
}

/** A user may plant something at the empty place; that goes out of the way, as often as he is let. */
function push(
  from: Folder,
  name: RawPath,
  place: SectionPlace,
  { folder }: Work,
  before: () => void = () => undefined,
): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      before()
      return renameIn(from, name, place.folder, place.name)
    } catch (error) {
      if (!isTaken(error) || attempt === tries) throw error
      takeAway(place, folder)
    }
  }
}

function takeAway(place: SectionPlace, folder: Folder): void {
  for (let number = 1; ; number += 1) {
    const planted = `planted-${String(number)}` as RawPath
    if (look(folder, planted) !== undefined) continue
    try {
      return renameIn(place.folder, place.name, folder, planted)
    } catch (error) {
      // Taken away by himself.
      if (systemCode(error) === 'ENOENT') return
      throw error
    }
  }
}

const isTaken = (error: unknown): boolean =>
  ['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EISDIR'].includes(systemCode(error) ?? '')
