import { createHash, type Hash } from 'node:crypto'
import { OperationalError } from '../finding/operational-error.js'
import { memberName, memberType, nameIn, partLength, type MemberTable } from '../image/member-table.js'
import { memberTable } from '../look/member-table.js'
import { align } from '../image/member-align.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { readManifest } from '../prove/manifest-file.js'
import { copyFileIn } from '../system/copy-file.js'
import { dressFolder } from '../system/dress.js'
import { realPath } from '../system/file.js'
import { makeOrOpenFolderIn, renameIn, spaceOf, syncFolderIn, unlinkIn } from '../system/folder-writes.js'
import { closeFolder, look, openFolder, openFolderIn, withFolder, type Folder } from '../system/folder.js'
import { hashFileIn, pieceBytes } from '../system/hash-file.js'
import { removeTreeIn } from '../system/remove-tree.js'
import { count, list, size } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { baseName, parent, type RawPath } from '../text/raw-path.js'
import type { ListedCopy } from './copies.js'

export interface Restored {
  readonly bytes: number
  readonly members: number
  /** Members whose digest was compared with the manifest while they were copied. */
  readonly checked: number
  /** Already there from an attempt that was interrupted. */
  readonly resumed: number
  /** Links, folders and special files that were not restored, printable. */
  readonly skipped: readonly string[]
  /** Half a sentence; undefined: every byte is the one that was once proven. */
  readonly unchecked?: string
}

export interface RestoreOrder {
  readonly copy: ListedCopy
  /** Must not exist; its folder must. */
  readonly to: RawPath
  readonly progress?: (doneBytes: number, allBytes: number) => void
}

interface Restoring {
  readonly from: RawPath
  readonly table: MemberTable
  readonly manifest: Manifest | undefined
  /** By row of the table. */
  readonly rows: Int32Array
  readonly wrong: string[]
  readonly progress: (bytes: number) => void
  checked: number
  resumed: number
}

/**
 * Given a copy and a path, restore it there as files of its own, never links: each member's sha256 is compared with the
 * manifest while it is copied. It is built beside the path as `.NAME.restoring`, where a later attempt goes on, and gets
 * its name only when it is whole. Owners, modes and times are the copy's. Throws OperationalError; nothing is overwritten.
 */
export function restoreCopy({ copy, to, progress }: RestoreOrder): Restored {
  const { label } = copy.known
  const name = baseName(to)
  const home = realPath(parent(to))
  if (home === undefined) throw refused(`The folder ${printable(parent(to))} is not there.`, 'Make it first.')
  const folder = openFolder(home)
  try {
    if (look(folder, name) !== undefined) {
      throw refused(`${printable(to)} is there already; nothing is overwritten.`, 'Name a path that does not exist.')
    }
    const table = memberTable({ path: copy.image, container: label.container })
    const read =
      label.manifest === null
        ? undefined
        : readManifest(copy.manifestFolder, label.slot, label.container, label.manifest)
    const manifest = read === undefined || 'unusable' in read ? undefined : read
    const all = table.size.reduce((sum, bytes) => sum + bytes, 0)
    demandSpace(folder, all)
    let done = 0
    const restoring: Restoring = {
      from: copy.image,
      table,
      manifest,
      rows: manifest === undefined ? new Int32Array(table.length).fill(-1) : align(table, manifest.copy),
      wrong: [],
      progress: (bytes) => progress?.((done += bytes), all),
      checked: 0,
      resumed: 0,
    }
    const temporary = `.${name}.restoring` as RawPath
    const skipped =
      label.container === 'sparse-image'
        ? restoreFile(restoring, folder, temporary)
        : restoreBundle(restoring, folder, temporary)
    const missing = missingIn(manifest, table)
    if (restoring.wrong.length > 0 || missing.length > 0) {
      removeTreeIn(folder, temporary)
      throw wrongCopy(copy, restoring.wrong, missing)
    }
    if (look(folder, name) !== undefined) {
      throw refused(
        `${printable(to)} appeared meanwhile; nothing is overwritten.`,
        `What was restored lies beside it as ${printable(temporary)}.`,
      )
    }
    renameIn(folder, temporary, folder, name)
    syncFolderIn(folder)
    const unchecked = uncheckedBecause(copy, read)
    return {
      bytes: all,
      members: table.length,
      checked: restoring.checked,
      resumed: restoring.resumed,
      skipped,
      ...(unchecked === undefined ? {} : { unchecked }),
    }
  } finally {
    closeFolder(folder)
  }
}

function restoreFile(restoring: Restoring, folder: Folder, temporary: RawPath): string[] {
  withFolder(parent(restoring.from), (from) =>
    restoreMember(restoring, from, baseName(restoring.from), folder, temporary, 0),
  )
  return []
}

function restoreBundle(restoring: Restoring, folder: Folder, temporary: RawPath): string[] {
  const skipped: string[] = []
  const bundle = makeOrOpenFolderIn(folder, temporary)
  try {
    withFolder(restoring.from, (original) => {
      for (const part of restoring.table.parts) {
        const from = part.part === '' ? original : openFolderIn(original, part.part as RawPath)
        const into = part.part === '' ? bundle : makeOrOpenFolderIn(bundle, part.part as RawPath)
        try {
          for (let at = 0; at < partLength(part); at += 1) {
            const row = part.start + at
            if (memberType(restoring.table, row) === 'file') {
              restoreMember(restoring, from, nameIn(part, at), into, nameIn(part, at), row)
            } else if (!isPart(restoring.table, row)) skipped.push(printable(memberName(restoring.table, row)))
          }
          if (part.part !== '') dressFolder(into, from.stats)
        } finally {
          if (part.part !== '') [from, into].forEach(closeFolder)
        }
      }
      dressFolder(bundle, original.stats)
    })
  } finally {
    closeFolder(bundle)
  }
  return skipped
}

const isPart = (table: MemberTable, row: number): boolean =>
  table.parts.some(({ part }) => part === memberName(table, row))

function restoreMember(
  restoring: Restoring,
  from: Folder,
  name: RawPath,
  into: Folder,
  newName: RawPath,
  row: number,
): void {
  const { manifest, rows, table } = restoring
  const at = rows[row] as number
  const digest = manifest !== undefined && at >= 0 && manifest.known[at] === 1 ? digestAt(manifest, at) : undefined
  if (digest !== undefined && isThere(into, newName, table.size[row] as number, digest)) {
    restoring.resumed += 1
    restoring.checked += 1
    return restoring.progress(table.size[row] as number)
  }
  unlinkIn(into, newName)
  const hash = createHash('sha256')
  copyFileIn(from, name, into, newName, { piece: (bytes) => piece(restoring, hash, bytes) })
  if (digest === undefined) return
  restoring.checked += 1
  if (hash.digest('hex') !== digest) restoring.wrong.push(printable(memberName(table, row)))
}

function piece(restoring: Restoring, hash: Hash, bytes: Buffer): void {
  hash.update(bytes)
  restoring.progress(bytes.length)
}

const digestAt = ({ digests }: Manifest, at: number): string => digests.toString('hex', at * 32, at * 32 + 32)

/** From an attempt that was interrupted; the last file of it may be a part. */
function isThere(folder: Folder, name: RawPath, bytes: number, digest: string): boolean {
  const stats = look(folder, name)
  if (stats?.isFile() !== true || stats.size !== bytes || stats.nlink !== 1) return false
  const found = Buffer.alloc(32)
  hashFileIn(folder, name, Buffer.allocUnsafe(Math.max(1, Math.min(pieceBytes, bytes))), found, 0)
  return found.toString('hex') === digest
}

function missingIn(manifest: Manifest | undefined, table: MemberTable): string[] {
  if (manifest === undefined) return []
  const rows = align(manifest.copy, table)
  return [...rows.keys()]
    .filter((row) => (rows[row] as number) < 0)
    .map((row) => printable(memberName(manifest.copy, row)))
}

function uncheckedBecause({ vouched, known }: ListedCopy, read: object | undefined): string | undefined {
  if (read === undefined) return 'there is no manifest of this copy'
  if ('unusable' in read) return `its manifest cannot be used (${String(read.unusable)})`
  if (!vouched) return 'its manifest is not vouched for by the state folder; the bytes fit what it says'
  if (known.label.verdict !== 'proven') return `this copy was ${known.label.verdict} and never proven`
  return undefined
}

function wrongCopy(
  { placeName, known }: ListedCopy,
  wrong: readonly string[],
  missing: readonly string[],
): OperationalError {
  const said = [
    ...(wrong.length > 0
      ? [
          `${count(wrong.length, 'member')} ${wrong.length === 1 ? 'is' : 'are'} not what the manifest says (${list(wrong.slice(0, 3))})`,
        ]
      : []),
    ...(missing.length > 0
      ? [
          `${count(missing.length, 'member')} ${missing.length === 1 ? 'is' : 'are'} missing (${list(missing.slice(0, 3))})`,
        ]
      : []),
  ]
  return new OperationalError(
    'copy-damaged',
    `The copy of ${known.label.path} in ${placeName}, of ${known.label.madeAt}, is damaged: ${said.join('; ')}. Nothing was restored.`,
    'Restore an older one: lbackup-filevault list shows them; --section N or --at DATE chooses.',
  )
}

function demandSpace(folder: Folder, bytes: number): void {
  const space = spaceOf(folder)
  if (space.bytes >= bytes) return
  throw refused(
    `${printable(folder.path)} has ${size(space.bytes)} left; the image needs ${size(bytes)}.`,
    'Restore to another disk.',
  )
}

const refused = (message: string, cure: string): OperationalError =>
  new OperationalError('restore-refused', message, cure)
