import type { SectionMark } from '../generated/slots.js'
import type { Section, Sections } from '../lbackup/sections.js'
import { lookAt } from '../system/file.js'
import type { Stats } from '../system/folder-looks.js'

/** Given a section, return what tells it from a later one whose folder got the same inode. */
export const sectionMark = ({ path, inode }: Pick<Section, 'path' | 'inode'>): SectionMark => ({
  ...markOf(lookAt(path)),
  inode,
})

/** Given the stats of a folder or file, return what tells it from a later one with the same inode. */
export const markOf = (stats: Pick<Stats, 'ino' | 'birthtimeMs'> | undefined): SectionMark => ({
  inode: stats?.ino ?? 0,
  born: Math.max(0, Math.floor(stats?.birthtimeMs ?? 0)),
})

/** Given stats and a mark, tell whether they are of what was marked. */
export const isMarked = (stats: Pick<Stats, 'ino' | 'birthtimeMs'> | undefined, mark: SectionMark): boolean =>
  stats !== undefined && stats.ino === mark.inode && markOf(stats).born === mark.born

/** Given sections and a mark, return the section it was taken of, whatever its number is now. */
export function markedSection({ sections }: Pick<Sections, 'sections'>, mark: SectionMark): Section | undefined {
  return sections.find((section) => section.inode === mark.inode && sectionMark(section).born === mark.born)
}
