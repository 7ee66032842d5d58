import { closeFolder, look, names, openFolder } from '../system/folder.js'
import { realPath } from '../system/file.js'
import { join, type RawPath } from '../text/raw-path.js'

/** What stands under a section's name: rsync makes a link or a file of a source that is a link or a file. */
export type SectionKind = 'folder' | 'link' | 'file' | 'other'

/** One snapshot of the set. */
export interface Section {
  /** 0 is the newest. */
  readonly number: number
  /** No link on the way to it. */
  readonly path: RawPath
  readonly kind: SectionKind
  /** Stays with the section when LBackup renames it at rotation. */
  readonly inode: number
}

/** The set of snapshots as seen at a moment. */
export interface Sections {
  /** Newest first. */
  readonly sections: readonly Section[]
  /** Section.inprogress stands: LBackup is copying, or a run failed. */
  readonly inProgress: boolean
  /** Numbers missing between Section.0 and the oldest: LBackup stops for these after its whole copy. */
  readonly holes: readonly number[]
}

/**
 * Given LBackup's backupDest, return the sections in it; none where the folder is missing. Their paths lie below its real
 * path: backupDest may lead through a link, and no folder of a section is opened through one.
 */
export function readSections(backupDest: RawPath): Sections {
  const real = realPath(backupDest)
  if (real === undefined) return { sections: [], inProgress: false, holes: [] }
  const folder = openFolder(real)
  try {
    const found = names(folder)
    const sections = found
      .filter((name) => /^Section\.(0|[1-9][0-9]{0,8})$/.test(name))
      .flatMap((name) => {
        const stats = look(folder, name)
        if (stats === undefined) return []
        const number = Number.parseInt(name.slice('Section.'.length), 10)
        return [{ number, path: join(real, name), kind: kindOf(stats), inode: stats.ino }]
      })
      .sort((one, other) => one.number - other.number)
    return { sections, inProgress: found.some((name) => name === 'Section.inprogress'), holes: holesIn(sections) }
  } finally {
    closeFolder(folder)
  }
}

/** Given sections and a number, return that section. */
export const section = ({ sections }: Sections, number: number): Section | undefined =>
  sections.find((one) => one.number === number)

/**
 * What became of Section.0 since it was recorded. `new`: this run made it. `same`: this run made none. `absent`: there
 * is none. `unexpected`: another one, but the recorded one is not where a rotation puts it, so somebody else moved it.
 */
export type SectionZeroChange = 'new' | 'same' | 'absent' | 'unexpected'

/** Given Section.0 as recorded before the run (undefined: there was none), the sections now and LBackup's numRotations. */
export function sectionZeroChange(
  recorded: Pick<Section, 'inode'> | undefined,
  now: Sections,
  numRotations: number,
): SectionZeroChange {
  const zero = section(now, 0)
  if (zero === undefined) return 'absent'
  if (recorded === undefined) return 'new'
  if (zero.inode === recorded.inode) return 'same'
  if (numRotations <= 1) return 'new'
  return section(now, 1)?.inode === recorded.inode ? 'new' : 'unexpected'
}

/** As `sectionZeroChange`: tell whether this run made the Section.0 that stands now. */
export const sectionZeroIsNew = (
  recorded: Pick<Section, 'inode'> | undefined,
  now: Sections,
  numRotations: number,
): boolean => sectionZeroChange(recorded, now, numRotations) === 'new'

function kindOf(stats: { isDirectory(): boolean; isSymbolicLink(): boolean; isFile(): boolean }): SectionKind {
  if (stats.isDirectory()) return 'folder'
  if (stats.isSymbolicLink()) return 'link'
  return stats.isFile() ? 'file' : 'other'
}

function holesIn(sections: readonly Section[]): number[] {
  const present = new Set(sections.map(({ number }) => number))
  const holes: number[] = []
  // A stray Section.999999999 must not make a list of a thousand million numbers.
  for (let number = 0; present.size > 0 && number < Math.max(...present) && holes.length < 1000; number += 1) {
    if (!present.has(number)) holes.push(number)
  }
  return holes
}
