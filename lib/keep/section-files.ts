import type { CopyLabel } from '../generated/copy.js'
import type { Section } from '../lbackup/sections.js'
import type { ManifestDigests } from '../manifest/manifest-type.js'
import { writeLabel, writeManifest, type ManifestSource } from '../prove/manifest-file.js'
import { OperationalError } from '../finding/operational-error.js'
import { makeFolderIn, renameIn, syncFolderIn, unlinkIn, writeFileIn } from '../system/folder-writes.js'
import { closeFolder, look, openFolder, openFolderIn, type Folder } from '../system/folder.js'
import { removeTreeIn } from '../system/remove-tree.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { Work } from './work-folder.js'

const ours = '.lbackup-filevault' as RawPath
const suffixes = ['mtree', 'jsonl', 'json'] as const

/**
 * Given a label and, where bytes were compared, a manifest, write them into the section: built in the work folder, then
 * moved in by rename, the label last. The section may belong to a user, who may plant anything there. Returns the label
 * with its digests. Throws OperationalError.
 */
export function writeSectionFiles(
  work: Work,
  section: Section,
  label: Omit<CopyLabel, 'schema' | 'manifest'> & Partial<CopyLabel>,
  manifest: ManifestSource | undefined,
): CopyLabel {
  const { slot, ...rest } = label
  const digests: ManifestDigests | null =
    manifest === undefined ? null : writeManifest(work.built, slot, manifest, rest)
  const whole: CopyLabel = { ...rest, slot, schema: 'copy/1', manifest: digests }
  if (digests === null) writeLabel(work.built, whole)
  withSection(section, (held) => {
    const folder = ownFolderIn(work, held)
    try {
      for (const suffix of suffixes) {
        const name = `${slot}.${suffix}` as RawPath
        if (look(work.built, name) === undefined) unlinkIn(folder, name)
        else renameIn(work.built, name, folder, name)
      }
      syncFolderIn(folder)
    } finally {
      closeFolder(folder)
    }
  })
  return whole
}

/** Given text, write it into the section as `FILEVAULT-README.txt`, or under the next free name: a user may have one. */
export function writeReadme(work: Work, section: Section, text: string): void {
  withSection(section, (held) => {
    const temporary = 'readme' as RawPath
    writeFileIn(work.built, temporary, text, 0o644)
    for (let number = 1; number < 100; number += 1) {
      const name = (number === 1 ? 'FILEVAULT-README.txt' : `FILEVAULT-README-${String(number)}.txt`) as RawPath
      if (look(held, name) !== undefined) continue
      return renameIn(work.built, temporary, held, name)
    }
  })
}

/** Made in the work folder and moved in, so that nobody is in it who was not let in; what a user planted goes away. */
function ownFolderIn(work: Work, section: Folder): Folder {
  const standing = look(section, ours)
  if (standing?.isDirectory() === true && standing.uid === process.getuid?.() && (standing.mode & 0o077) === 0) {
    return openFolderIn(section, ours)
  }
  if (standing !== undefined) {
    renameIn(section, ours, work.old, 'planted' as RawPath)
    removeTreeIn(work.old, 'planted' as RawPath)
  }
  const folder = openNew(work)
  renameIn(work.folder, ours, section, ours)
  return folder
}

function openNew({ folder }: Work): Folder {
  removeTreeIn(folder, ours)
  return makeFolderIn(folder, ours)
}

function withSection(section: Section, use: (held: Folder) => void): void {
  if (section.kind !== 'folder') return
  const held = openFolder(section.path)
  try {
    if (held.stats.ino !== section.inode) {
      throw new OperationalError(
        'place-moved',
        `${printable(section.path)} was replaced by somebody while it was being judged.`,
        'Find out who writes into the backup disk.',
      )
    }
    use(held)
  } finally {
    closeFolder(held)
  }
}
