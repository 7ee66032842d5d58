import { discover } from '../discover/discover.js'
import type { DiscoveryNote } from '../discover/discovery.js'
import { recogniseSingleFile } from '../discover/recognise.js'
import { isGone, isSwapped, whyUnread } from '../discover/messages.js'
import { slotOf } from '../discover/slot.js'
import { isSparseImageName } from '../image/format.js'
import type { Image } from '../image/image.js'
import { nameInSection, pathInSection } from '../lbackup/path-mapping.js'
import type { BackupSource } from '../lbackup/backup-source.js'
import type { Section } from '../lbackup/sections.js'
import { lookAt } from '../system/file.js'
import { withFolder } from '../system/folder.js'
import { baseName, join, parent, type RawPath } from '../text/raw-path.js'

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

// Each folder on the way down is held open; a section that is nested deeper than this was made to be.
const deepest = 256
const mostEntries = 20_000_000

const telling = new Set<DiscoveryNote['code']>([
  'root-missing',
  'unreadable',
  'depth-limit',
  'entry-limit',
  'other-device',
])

/** Given sections, return the images in each. Follows no link; a section that is a link holds no image. */
export const searchSections = ({ sections, source }: SectionsSearch): SectionImages[] =>
  sections.map((section) => searchSection(section, source))

function searchSection(section: Section, source: BackupSource | undefined): SectionImages {
  if (section.kind === 'file') return fileSection(section.path, source)
  if (section.kind !== 'folder') return { images: [], unsearched: [] }
  const { images, notes } = discover({
    roots: [section.path],
    source: copyOfSource(section, source),
    never: [join(section.path, '.lbackup-filevault')],
    everyFile: false,
    knownPaths: [],
    maxDepth: deepest,
    maxEntries: mostEntries,
    crossDevices: false,
  })
  return { images, unsearched: notes.filter(({ code }) => telling.has(code)) }
}

/** backupSource may have changed over the years: where a section holds no such folder, slots are named by the section. */
function copyOfSource({ path, kind }: Section, source: BackupSource | undefined): RawPath {
  const copy = source === undefined ? undefined : pathInSection(source, source.path, path, kind)
  try {
    return copy !== undefined && lookAt(copy)?.isDirectory() === true ? copy : path
  } catch {
    return path
  }
}

/** A source that is one file: the section itself is the copy, and has lost the name that says what it is. */
function fileSection(path: RawPath, source: BackupSource | undefined): SectionImages {
  const called = (source === undefined ? undefined : nameInSection(source)) ?? baseName(path)
  try {
    return withFolder(parent(path), (folder) => {
      const { format, stats, encryption, identity } = recogniseSingleFile(folder, baseName(path))
      const recognised = format === 'sparse-image' || format.startsWith('encrypted')
      if (!recognised && !isSparseImageName(called)) return { images: [], unsearched: [] }
      const place = { path, root: path, ownerUid: stats.uid, device: stats.dev, inode: stats.ino }
      const slot = slotOf((source === undefined ? 'Section' : called) as RawPath, stats.uid)
      return {
        images: [{ ...place, container: 'sparse-image', encryption, recognised, identity, slot }],
        unsearched: [],
      }
    })
  } catch (error) {
    if (isGone(error) || isSwapped(error)) return { images: [], unsearched: [] }
    return { images: [], unsearched: [{ code: 'unreadable', path, message: whyUnread(error) }] }
  }
}

/** Run in a thread: names that somebody made by the million end the thread, not the audit. */
export const tasks = { searchSections }
