import type { DiscoveryNote } from '../discover/discovery.js'
import { sectionImages } from '../discover/section-images.js'
import type { Image } from '../image/image.js'
import type { BackupSource } from '../lbackup/backup-source.js'
import type { Section } from '../lbackup/sections.js'

/** Sections to search. `source`: what LBackup copied, where that is known. */
export interface SectionsSearch {
  readonly sections: readonly Section[]
  readonly source: BackupSource | undefined
}

/** The images in one section, and what could not be looked into: an image may be missed there. */
export interface SectionImages {
  readonly images: readonly Image[]
  readonly unsearched: readonly DiscoveryNote[]
}

const telling = new Set<DiscoveryNote['code']>([
  'root-missing',
  'unreadable',
  'depth-limit',
  'entry-limit',
  'other-device',
])

/** Given sections, return the images in each. */
export const searchSections = ({ sections, source }: SectionsSearch): SectionImages[] =>
  sections.map((section) => {
    const { images, notes } = sectionImages(section, source)
    return { images, unsearched: notes.filter(({ code }) => telling.has(code)) }
  })

/** Run in a thread: names that somebody made by the million end the thread, not the audit. */
export const tasks = { searchSections }
