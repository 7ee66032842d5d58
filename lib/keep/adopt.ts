import { sectionImages } from '../discover/section-images.js'
import type { CopyLabel } from '../generated/copy.js'
import type { KnownCopy } from '../generated/slots.js'
import type { Image } from '../image/image.js'
import type { BackupSource } from '../lbackup/backup-source.js'
import { pathInSource } from '../lbackup/path-mapping.js'
import type { Section, Sections } from '../lbackup/sections.js'
import { lookAtStructure } from '../look/structure.js'
import { readLabel, slotsIn } from '../prove/manifest-file.js'
import { lookAt } from '../system/file.js'
import { systemCode } from '../system/file-system-error.js'
import { names, withFolder } from '../system/folder.js'
import { printable } from '../text/printable.js'
import { join, relativeTo, type RawPath } from '../text/raw-path.js'
import { sectionMark } from './section-mark.js'
import { imageName, keptFolder, sectionFolder } from './store-layout.js'

export interface AdoptRequest {
  readonly source: BackupSource
  readonly backupDest: RawPath
  readonly sections: Sections
  /** See `SearchOptions`. */
  readonly slotFolders?: boolean
}

/**
 * Given a set of sections made before us, or known to us before our state was lost, return of each slot the newest copy
 * whose structure is right, else the newest there is, and every copy in the store. Nothing is vouched for: none counts
 * as proven. Each section is searched, newest first; nothing is written.
 */
export function adopt({ source, backupDest, sections, slotFolders }: AdoptRequest): KnownCopy[] {
  const found = new Map<string, KnownCopy>()
  for (const section of sections.sections) {
    for (const image of sectionImages(section, source, slotFolders).images) {
      const known = found.get(image.slot)
      if (known !== undefined && known.label.verdict === 'complete') continue
      const copy = adopted(image, section, source)
      if (known === undefined || copy.label.verdict === 'complete') found.set(image.slot, copy)
    }
  }
  return [...found.values(), ...storedCopies(backupDest)]
}

/** Given one section, return a copy for each image in it. */
export function adoptedIn(section: Section, source: BackupSource, slotFolders = false): KnownCopy[] {
  return sectionImages(section, source, slotFolders).images.map((image) => adopted(image, section, source))
}

function adopted(image: Image, section: Section, source: BackupSource): KnownCopy {
  const structure = lookAtStructure(image, { inUse: false, linksAreNews: false })
  const right = image.recognised && !structure.findings.some(({ severity }) => severity === 'error')
  const original = pathInSource(source, image.path, section.path, section.kind)
  const beside = readLabel(sectionFolder(section), image.slot)
  const told = beside === undefined || 'unusable' in beside ? undefined : beside
  const label: CopyLabel = {
    schema: 'copy/1',
    slot: image.slot,
    run: 'adopted',
    madeAt: told?.madeAt ?? new Date(madeAt(section, structure.newestChange)).toISOString(),
    verdict: right ? 'complete' : 'suspect',
    reason: right ? 'it was there before; its structure is right' : 'it was there before; its structure is damaged',
    identity: image.identity.startsWith('uuid:') ? image.identity : null,
    user: told?.user ?? String(image.ownerUid),
    ownerUid: image.ownerUid,
    path: printable(original ?? relativeTo(image.path, section.path)),
    copyPath: section.kind === 'folder' ? printable(relativeTo(image.path, section.path)) : '',
    container: image.container,
    bytes: structure.counts.bytes,
    members: structure.counts.members,
    older: false,
    manifest: null,
  }
  return { label, place: { section: sectionMark(section) } }
}

/** rsync gives the section the times of the source, so its birth tells best when it was made; not before its newest member. */
function madeAt({ path }: Section, newestChange: number): number {
  const stats = lookAt(path)
  const born = stats?.birthtimeMs ?? 0
  return Math.max(born > 0 ? born : (stats?.mtimeMs ?? 0), Math.min(newestChange, stats?.ctimeMs ?? newestChange), 0)
}

/** Given LBackup's backupDest, return the copies in the store by what their labels say; none of them is vouched for. */
export function storedCopies(backupDest: RawPath): KnownCopy[] {
  const kept = keptFolder(backupDest)
  return namesIn(kept).flatMap((slot) =>
    namesIn(join(kept, slot)).flatMap((generation) => {
      const folder = join(kept, slot, generation)
      if (generation === 'set-aside' || !slotsIn(folder).includes(slot)) return []
      const label = readLabel(folder, slot)
      if (label === undefined || 'unusable' in label) return []
      if (lookAt(join(folder, imageName(label))) === undefined) return []
      const verdict = label.verdict === 'proven' ? ('complete' as const) : label.verdict
      return [{ label: { ...label, verdict, manifest: null }, place: { generation } }]
    }),
  )
}

function namesIn(path: RawPath): RawPath[] {
  try {
    return withFolder(path, names)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')) return []
    throw error
  }
}
