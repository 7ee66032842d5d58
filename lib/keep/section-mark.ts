import type { SectionMark } from '../generated/slots.js'
import type { Section, Sections } from '../lbackup/sections.js'
import { lookAt } from '../system/file.js'

/** Given a section, return what tells it from a later one whose folder got the same inode. */
export function sectionMark({ path, inode }: Pick<Section, 'path' | 'inode'>): SectionMark {
  return { inode, born: Math.max(0, Math.floor(lookAt(path)?.birthtimeMs ?? 0)) }
}

/** Given sections and a mark, return the section it was taken of, whatever its number is now. */
export function markedSection({ sections }: Pick<Sections, 'sections'>, mark: SectionMark): Section | undefined {
  return sections.find((section) => section.inode === mark.inode && sectionMark(section).born === mark.born)
}
