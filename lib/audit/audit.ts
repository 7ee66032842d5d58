import { OperationalError } from '../finding/operational-error.js'
import type { Audit } from '../generated/audit.js'
import { backupSource, type BackupSource } from '../lbackup/backup-source.js'
import { readSections } from '../lbackup/sections.js'
import { realPath } from '../system/file.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { findCopies } from './find.js'
import { outcomeOf } from './outcome.js'
import { auditSlot } from './slot.js'

export interface AuditOrder {
  readonly backupDest: RawPath
  /** LBackup's backupSource as written; undefined: only what the sections themselves tell. */
  readonly source: RawPath | undefined
  /** Compare the newest copies with their images byte for byte; without a source, read every file of every copy once. */
  readonly read: boolean
  /** Receives what is being done, often. */
  readonly progress: (what: string) => void
}

/**
 * Given a set of sections, also one that LBackup made without us, return of each image in it which sections hold a
 * complete copy, which changes LBackup missed as far as inodes and times tell, and, where the source is named, how the
 * newest copy differs from the image. Nothing is written, no link followed. Throws OperationalError where there is no set.
 */
export async function audit({ backupDest, source: written, read, progress }: AuditOrder): Promise<Audit> {
  const { sections, holes, inProgress } = readSections(backupDest)
  if (sections.length === 0) {
    const message = `${printable(backupDest)} holds no Section.N.`
    throw new OperationalError('no-sections', message, "Name LBackup's backupDest.")
  }
  const source = written === undefined ? undefined : realSource(backupSource(written))
  progress('searching the sections')
  const found = await findCopies(sections, source)
  const slots: Audit['slots'][number][] = []
  for (const [slot, copies] of [...found.slots].sort(([one], [other]) => (one < other ? -1 : 1))) {
    slots.push(await auditSlot(slot, copies, { sections, source, read, progress }))
  }
  const document = {
    schema: 'audit/1' as const,
    backupDest: printable(backupDest),
    source: written === undefined ? null : printable(written),
    read,
    sections: sections.map(({ number, kind }) => ({ section: number, kind })),
    holes: [...holes],
    inProgress,
    unsearched: [...found.unsearched],
    slots,
  }
  return { ...document, outcome: outcomeOf(document) }
}

/** Links on the way to the source are LBackup's affair; no image is opened through one. A source misspelt is told. */
function realSource(source: BackupSource): BackupSource {
  const real = realPath(source.path)
  if (real !== undefined) return { ...source, path: real }
  throw new OperationalError(
    'source-missing',
    `The source ${printable(source.asWritten)} is not there.`,
    'Mount it, or leave --source out.',
  )
}
