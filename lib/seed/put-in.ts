import { buildFrom } from '../keep/place-image.js'
import { markOf, sectionMark } from '../keep/section-mark.js'
import { demandPlace, holdPlace, keepTimes, type SectionPlace } from '../keep/section-place.js'
import { demandSpace } from '../keep/space.js'
import { imageName } from '../keep/store-layout.js'
import { finishWork, openWork, type Work } from '../keep/work-folder.js'
import type { Section } from '../lbackup/sections.js'
import { lookAt } from '../system/file.js'
import { renameIn, syncFolderIn } from '../system/folder-writes.js'
import { closeFolder, look } from '../system/folder.js'
import { printable } from '../text/printable.js'
import { join, parent, type RawPath } from '../text/raw-path.js'
import { noteSeed } from './journal.js'
import type { Seed } from './plan.js'
import { takeOut } from './take-out.js'

export interface SeedOrder {
  /** Section.0, which rsync compares with. */
  readonly section: Section
  readonly backupDest: RawPath
  readonly runId: string
}

/**
 * Link a proven copy, member by member as its manifest names them, to where its image lies tonight, so that rsync finds
 * it there. Returns false where something stands there. What is put in is noted first, and `takeSeedsOut` takes it out
 * again. Throws OperationalError; the section is then as it was, or the next `takeSeedsOut` makes it so.
 */
export function putSeedIn({ image, copy }: Seed, { section, backupDest, runId }: SeedOrder): boolean {
  if (section.kind !== 'folder' || lookAt(join(section.path, image.copyPath)) !== undefined) return false
  const work = openWork(backupDest, runId, image.slot, 'seeds')
  try {
    demandSpace(work.folder, copy.known.label.members)
    buildFrom(copy, work, 'link')
    const name = imageName(copy.known.label)
    note(work, name, section, image.copyPath)
    work.unfinished = true
    let put = false
    try {
      put = moveIn(work, name, section, image.copyPath)
    } finally {
      if (!put) {
        takeOut(work.folder, { sections: [section] })
        work.unfinished = false
      }
    }
    return put
  } finally {
    finishWork(work, backupDest)
  }
}

function note({ folder, built }: Work, name: RawPath, section: Section, copyPath: RawPath): void {
  noteSeed(folder, {
    schema: 'seed/1',
    section: sectionMark(section),
    copyPath: printable(copyPath),
    seed: markOf(look(built, name)),
    made: missingOnTheWay(section, copyPath).map(printable),
  })
  syncFolderIn(folder)
}

/** Outermost first. */
function missingOnTheWay(section: Section, copyPath: RawPath): RawPath[] {
  const missing: RawPath[] = []
  for (let folder = parent(copyPath); folder !== ''; folder = parent(folder)) {
    if (lookAt(join(section.path, folder)) !== undefined) break
    missing.unshift(folder)
  }
  return missing
}

function moveIn(work: Work, name: RawPath, section: Section, copyPath: RawPath): boolean {
  const place = holdPlace(section, copyPath, { makeIn: work.folder })
  try {
    demandPlace(place)
    if (look(place.folder, place.name) !== undefined) return false
    renameIn(work.built, name, place.folder, place.name)
    demandStill(place, work, name)
    keepTimes(place.folder)
    syncFolderIn(place.folder)
    return true
  } finally {
    closeFolder(place.folder)
  }
}

/** A user who moved the folder away meanwhile would have the seed where nobody takes it out. */
function demandStill(place: SectionPlace, work: Work, name: RawPath): void {
  try {
    demandPlace(place)
  } catch (error) {
    renameIn(place.folder, place.name, work.built, name)
    throw error
  }
}
