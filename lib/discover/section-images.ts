import type { BackupSource } from '../lbackup/backup-source.js'
import { pathInSection } from '../lbackup/path-mapping.js'
import type { Section } from '../lbackup/sections.js'
import { lookAt } from '../system/file.js'
import { join, type RawPath } from '../text/raw-path.js'
import type { Discovery } from './discovery.js'
import { discover } from './discover.js'

// Each folder on the way down is held open; a section that is nested deeper than this was made to be.
const deepest = 256
const mostEntries = 20_000_000

/**
 * Given a section and what LBackup copied, where that is known, return the images in it, each with the slot it has at
 * its source, and notes on what was not looked into. Links are not followed; a section that is one holds no image.
 * `slotFolders`: see `SearchOptions`.
 */
export function sectionImages(
  section: Section,
  source: BackupSource | undefined,
  slotFolders = false,
): Pick<Discovery, 'images' | 'notes'> {
  const { path, kind } = section
  if (kind === 'link' || kind === 'other') return { images: [], notes: [] }
  return discover({
    roots: [path],
    source: copyOfSource(section, source),
    never: [join(path, '.lbackup-filevault')],
    slotFolders,
    everyFile: false,
    knownPaths: [],
    maxDepth: deepest,
    maxEntries: mostEntries,
    crossDevices: false,
  })
}

/** backupSource may have changed over the years: where a section holds no such thing, slots are named by the section. */
function copyOfSource({ path, kind }: Section, source: BackupSource | undefined): RawPath {
  const copy = source === undefined ? undefined : pathInSection(source, source.path, path, kind)
  try {
    return copy !== undefined && lookAt(copy) !== undefined ? copy : path
  } catch {
    return path
  }
}
