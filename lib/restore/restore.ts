import type { ReportedFinding } from '../generated/restoration.js'
import type { Container } from '../image/image.js'
import { memberType } from '../image/member-table.js'
import { memberTable } from '../look/member-table.js'
import { readManifest } from '../prove/manifest-file.js'
import { realPath } from '../system/file.js'
import { renameIn, spaceOf, syncFolderIn } from '../system/folder-writes.js'
import { closeFolder, look, openFolder, type Folder } from '../system/folder.js'
import { removeTreeIn } from '../system/remove-tree.js'
import { size } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { baseName, join, parent, type RawPath } from '../text/raw-path.js'
import type { ListedCopy } from './copies.js'
import { planMembers, type MemberPlan } from './member-plan.js'
import { rebuildBundle, rebuildFile, type Restoring } from './rebuild.js'
import { damage, memberFindings, refused, uncheckedBecause } from './words.js'

export interface Restored {
  readonly bytes: number
  readonly members: number
  /** Members whose digest was compared with the manifest while they were copied. */
  readonly checked: number
  /** Already there from an attempt that was interrupted. */
  readonly resumed: number
  /** Links, folders and special files that were not restored, printable. */
  readonly skipped: readonly string[]
  /** How many members of the copy its manifest does not know; the restored image is without them. */
  readonly leftOut: number
  /** How many files were restored of which the manifest has no digest. */
  readonly uncompared: number
  /** Half a sentence; undefined: every byte is the one that was once proven. */
  readonly unchecked?: string
  /** What somebody should look at. */
  readonly findings: readonly ReportedFinding[]
}

export interface RestoreOrder {
  readonly copy: ListedCopy
  /** Must not exist; its folder must. */
  readonly to: RawPath
  readonly progress?: (doneBytes: number, allBytes: number) => void
}

/**
 * Given a copy and a path, restore it there as files of its own, never links: each member's sha256, or that
 * of each of its pieces, is compared with the manifest while it is copied, and what the manifest does not know is left out. It is built beside the path as
 * `.NAME.restoring`, where a later attempt goes on, and gets its name only when it is whole. Owners, modes and times are
 * the copy's. Throws OperationalError; nothing is overwritten.
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
    const read =
      label.manifest === null
        ? undefined
        : readManifest(copy.manifestFolder, label.slot, label.container, label.manifest)
    const manifest = read === undefined || 'unusable' in read ? undefined : read
    const plan = planMembers(memberTable({ path: copy.image, container: label.container }), manifest)
    const lost = damage(copy, { ...plan, wrong: [] })
    if (lost !== undefined) throw lost
    const temporary = `.${name}.restoring` as RawPath
    demandSpace(folder, plan, bytesIn(folder, temporary, label.container))
    const restoring = begin(copy, plan, progress)
    ;(label.container === 'sparse-image' ? rebuildFile : rebuildBundle)(restoring, folder, temporary)
    const damaged = damage(copy, { ...plan, wrong: restoring.wrong })
    if (damaged !== undefined) {
      removeTreeIn(folder, temporary)
      throw damaged
    }
    giveName(folder, temporary, name, to)
    return outcome(copy, read, restoring)
  } finally {
    closeFolder(folder)
  }
}

function begin({ image }: ListedCopy, plan: MemberPlan, progress: RestoreOrder['progress']): Restoring {
  let done = 0
  const tell = (bytes: number): void => progress?.((done += bytes), plan.bytes)
  return { from: image, plan, wrong: [], progress: tell, checked: 0, resumed: 0 }
}

function outcome(copy: ListedCopy, read: object | undefined, { plan, checked, resumed }: Restoring): Restored {
  const unchecked = uncheckedBecause(copy, read, plan)
  return {
    bytes: plan.bytes,
    members: plan.table.length - plan.leftOut.length,
    checked,
    resumed,
    skipped: plan.skipped,
    leftOut: plan.leftOut.length,
    uncompared: plan.uncompared.length,
    findings: memberFindings(plan),
    ...(unchecked === undefined ? {} : { unchecked }),
  }
}

function giveName(folder: Folder, temporary: RawPath, name: RawPath, to: RawPath): void {
  if (look(folder, name) !== undefined) {
    throw refused(
      `${printable(to)} appeared meanwhile; nothing is overwritten.`,
      `What was restored lies beside it as ${printable(temporary)}.`,
    )
  }
  renameIn(folder, temporary, folder, name)
  syncFolderIn(folder)
}

/** What an earlier attempt left need not be written again. */
function bytesIn(folder: Folder, name: RawPath, container: Container): number {
  const standing = look(folder, name)
  if (standing === undefined || standing.isDirectory() !== (container === 'sparse-bundle')) return 0
  const table = memberTable({ path: join(folder.path, name), container })
  return table.size.reduce((sum, bytes, row) => sum + (memberType(table, row) === 'file' ? bytes : 0), 0)
}

function demandSpace(folder: Folder, { bytes, wanted }: MemberPlan, there: number): void {
  const space = spaceOf(folder)
  const needed = Math.max(0, bytes - there)
  if (space.bytes >= needed && space.files + (there > 0 ? wanted.length : 0) >= wanted.length) return
  const [has, needs] =
    space.bytes < needed
      ? [size(space.bytes), size(needed)]
      : ['too few free inodes', `${String(wanted.length)} of them`]
  throw refused(`${printable(folder.path)} has ${has} left; the image needs ${needs}.`, 'Restore to another disk.')
}
