import { isMarked, markedSection } from '../keep/section-mark.js'
import { holdPlace, keepTimes, type SectionPlace } from '../keep/section-place.js'
import { storeFolder } from '../lbackup/store.js'
import type { Section, Sections } from '../lbackup/sections.js'
import { OperationalError } from '../finding/operational-error.js'
import { lookAt, realPath } from '../system/file.js'
import { systemCode } from '../system/file-system-error.js'
import { removeEmptyIn, renameIn, syncFolderIn } from '../system/folder-writes.js'
import { closeFolder, look, names, openFolderIn, withFolder, type Folder } from '../system/folder.js'
import { removeTreeIn } from '../system/remove-tree.js'
import { fromPrintable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { forgetSeed, isStillBuilt, notedSeed } from './journal.js'

/**
 * Given LBackup's backupDest and its sections, take every seed out of the section it lies in, whatever that section's
 * number is by now. Returns what stood in the way, for each seed that stays; the next call tries again.
 */
export function takeSeedsOut(backupDest: RawPath, sections: Pick<Sections, 'sections'>): OperationalError[] {
  const path = join(storeFolder(realPath(backupDest) ?? backupDest), 'seeds')
  if (lookAt(path) === undefined) return []
  return withFolder(path, (root) =>
    names(root).flatMap((runId) => {
      const isRun = look(root, runId)?.isDirectory() === true
      const left = isRun ? attempt(() => takeRunOut(root, runId, sections)) : []
      return left.length > 0 ? left : attempt(() => removed(root, runId))
    }),
  )
}

function takeRunOut(root: Folder, runId: RawPath, sections: Pick<Sections, 'sections'>): OperationalError[] {
  const run = openFolderIn(root, runId)
  try {
    return names(run).flatMap((slot) =>
      attempt(() => {
        const folder = openFolderIn(run, slot)
        try {
          takeOut(folder, sections)
        } finally {
          closeFolder(folder)
        }
        return removed(run, slot)
      }),
    )
  } finally {
    closeFolder(run)
  }
}

function removed(folder: Folder, name: RawPath): [] {
  removeTreeIn(folder, name)
  return []
}

/** What one seed meets keeps no other from being taken out. */
function attempt(action: () => OperationalError[]): OperationalError[] {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return [error]
  }
}

/**
 * Given a seed's work folder, held, bring the seed back into it and remove the folders that were made for it, where they
 * are empty. A section that rotated away took its seed along. Throws OperationalError.
 */
export function takeOut(folder: Folder, sections: Pick<Sections, 'sections'>): void {
  const journal = notedSeed(folder)
  if (journal === undefined) {
    forgetSeed(folder)
    return
  }
  const section = markedSection(sections, journal.section)
  if (section === undefined) return
  if (!isStillBuilt(folder)) {
    withPlace(section, fromPrintable(journal.copyPath), ['ENOENT'], (place) => {
      // What somebody else put there meanwhile is his.
      if (isMarked(look(place.folder, place.name), journal.seed)) moveBack(place, folder)
    })
  }
  for (const made of [...journal.made].reverse()) {
    // What a link leads to is not what was made.
    withPlace(section, fromPrintable(made), ['ENOENT', 'ENOTDIR', 'ELOOP'], ({ folder: above, name }) => {
      removeEmptyIn(above, name)
    })
  }
  // First of all that is left: whoever finds half of it has nothing more to take out.
  forgetSeed(folder)
}

function moveBack(place: SectionPlace, folder: Folder): void {
  const old = openFolderIn(folder, 'old' as RawPath)
  try {
    renameIn(place.folder, place.name, old, place.name)
  } finally {
    closeFolder(old)
  }
}

/** Where one of these errors says that nothing of ours can be there, there is nothing to do. */
function withPlace(
  section: Section,
  path: RawPath,
  nothing: readonly string[],
  use: (place: SectionPlace) => void,
): void {
  let place: SectionPlace
  try {
    place = holdPlace(section, path)
  } catch (error) {
    if (nothing.includes(systemCode(error) ?? '')) return
    throw error
  }
  try {
    use(place)
    keepTimes(place.folder)
    syncFolderIn(place.folder)
  } finally {
    closeFolder(place.folder)
  }
}
