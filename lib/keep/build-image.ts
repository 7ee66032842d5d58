import { OperationalError } from '../finding/operational-error.js'
import { align } from '../image/member-align.js'
import { memberName, memberTypes } from '../image/member-table.js'
import type { Container } from '../image/image.js'
import { memberTable } from '../look/member-table.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { copyFileIn } from '../system/copy-file.js'
import { dressFileIn, dressFolder } from '../system/dress.js'
import { cloneIn, linkIn, makeFolderIn, makeOrOpenFolderIn } from '../system/folder-writes.js'
import { closeFolder, entries, openFolderIn, withFolder, type Folder } from '../system/folder.js'
import { printable } from '../text/printable.js'
import { baseName, join, parent, type RawPath } from '../text/raw-path.js'
import { sameTime } from '../verify/reuse.js'

export interface BuildOrder {
  /** The image whose members are taken. */
  readonly from: RawPath
  readonly container: Container
  /** A held folder of ours, and the new image's name there. */
  readonly into: Folder
  readonly name: RawPath
  /** `clone-or-link`: reflinks where the file system can, so that no later write into one copy changes the other. */
  readonly how: 'link' | 'clone-or-link'
  /** A member is taken only if it is the file of this manifest: same inode, size and mtime. */
  readonly only?: Manifest
  /** Relative names of members that are not taken. */
  readonly leaveOut?: ReadonlySet<RawPath>
  /** Members that are copied anew from the source image, as rsync would have stored them. */
  readonly replace?: { readonly source: RawPath; readonly members: readonly RawPath[] }
  /** Copying is given up after this moment, milliseconds since 1970. */
  readonly deadline?: number
}

export interface BuiltImage {
  /** Its data is also that of the image it was built from. */
  readonly shared: boolean
  readonly copiedBytes: number
}

const deepest = 64
const file = memberTypes.indexOf('file')

interface Building {
  readonly order: BuildOrder
  readonly skipped: ReadonlySet<RawPath>
  clone: boolean
  copiedBytes: number
}

/**
 * Given an order, build a whole image in a folder of ours: hard links or reflinks to the members of another one, others
 * copied anew. Links and special files are not taken. Owner, mode and times are the original's, so that rsync stores
 * nothing again. A planted hard link keeps its own owner and mode wherever it goes, so it gives nothing away. Throws
 * OperationalError, `copy-changed` where a member is not the one of the manifest; what was built stays for the caller.
 */
export function buildImage(order: BuildOrder): BuiltImage {
  const { from, container, into, name, how, leaveOut, replace } = order
  const skipped = new Set([...(leaveOut ?? []), ...(replace?.members ?? [])])
  const building: Building = { order, skipped, clone: how === 'clone-or-link', copiedBytes: 0 }
  if (container === 'sparse-image') {
    if (replace === undefined) withFolder(parent(from), (folder) => take(building, folder, baseName(from), into, name))
    else copyNew(building, parent(replace.source), baseName(replace.source), into, name)
  } else buildBundle(building, from, into, name)
  if (order.only !== undefined) demandMembers(order, order.only, skipped, building.clone)
  return { shared: !building.clone, copiedBytes: building.copiedBytes }
}

function buildBundle(building: Building, from: RawPath, into: Folder, name: RawPath): void {
  withFolder(from, (original) => {
    const bundle = makeFolderIn(into, name)
    try {
      takeFolder(building, original, bundle, '' as RawPath, 0)
      replaceMembers(building, bundle)
      dressFolder(bundle, original.stats)
    } finally {
      closeFolder(bundle)
    }
  })
}

function takeFolder(building: Building, from: Folder, to: Folder, path: RawPath, depth: number): void {
  if (depth > deepest) throw changed(from.path, `has folders more than ${String(deepest)} deep`)
  for (const entry of entries(from)) {
    const name = entry.name as RawPath
    const member = path === '' ? name : join(path, name)
    if (building.skipped.has(member)) continue
    if (entry.isFile()) take(building, from, name, to, name)
    else if (entry.isDirectory()) takeInner(building, from, name, to, member, depth)
  }
}

function takeInner(building: Building, from: Folder, name: RawPath, to: Folder, member: RawPath, depth: number): void {
  const original = openFolderIn(from, name)
  try {
    const inner = makeFolderIn(to, name)
    try {
      takeFolder(building, original, inner, member, depth + 1)
      if (!hasReplaced(building, member)) dressFolder(inner, original.stats)
    } finally {
      closeFolder(inner)
    }
  } finally {
    closeFolder(original)
  }
}

function take(building: Building, from: Folder, name: RawPath, to: Folder, newName: RawPath): void {
  if (building.clone) {
    // The owner and mode of the very file that was cloned: the name may be another file's by now.
    const stats = cloneIn(from, name, to, newName)
    if (stats !== undefined) return dressFileIn(to, newName, stats)
    building.clone = false
  }
  linkIn(from, name, to, newName)
}

const hasReplaced = ({ order: { replace } }: Building, folder: RawPath): boolean =>
  replace?.members.some((member) => member.startsWith(`${folder}/`)) === true

function replaceMembers(building: Building, bundle: Folder): void {
  const { replace } = building.order
  if (replace === undefined) return
  const folders = new Set(replace.members.map((member) => (member.includes('/') ? parent(member) : ('' as RawPath))))
  for (const folder of folders) {
    const target = folder === '' ? bundle : makeOrOpenFolderIn(bundle, folder)
    try {
      for (const member of replace.members) {
        if ((member.includes('/') ? parent(member) : '') !== folder) continue
        copyNew(building, join(replace.source, folder), baseName(member), target, baseName(member))
      }
      if (folder !== '') withFolder(join(replace.source, folder), ({ stats }) => dressFolder(target, stats))
    } finally {
      if (folder !== '') closeFolder(target)
    }
  }
}

function copyNew(building: Building, folder: RawPath, name: RawPath, to: Folder, newName: RawPath): void {
  const { deadline } = building.order
  const stats = withFolder(folder, (from) =>
    copyFileIn(from, name, to, newName, deadline === undefined ? {} : { deadline }),
  )
  building.copiedBytes += stats.size
}

/** Looked at in the finished image: a user may swap names while links are made, but not in a folder of ours. */
function demandMembers(
  { into, name, container, from }: BuildOrder,
  { copy }: Manifest,
  skipped: ReadonlySet<RawPath>,
  cloned: boolean,
): void {
  const built = memberTable({ path: join(into.path, name), container })
  const rows = align(copy, built)
  for (let row = 0; row < copy.length; row += 1) {
    if (copy.type[row] !== file) continue
    const at = rows[row] as number
    const same =
      at >= 0 &&
      (cloned || built.inode[at] === copy.inode[row]) &&
      built.size[at] === copy.size[row] &&
      sameTime(built.modified[at] as number, copy.modified[row] as number)
    if (!same && !skipped.has(memberName(copy, row))) {
      throw changed(join(from, memberName(copy, row)), 'is not what it was when the copy was checked')
    }
  }
  const before = align(built, copy)
  for (let row = 0; row < built.length; row += 1) {
    if (built.type[row] !== file || (before[row] as number) >= 0 || skipped.has(memberName(built, row))) continue
    throw changed(join(from, memberName(built, row)), 'was not there when the copy was checked')
  }
}

const changed = (path: RawPath, why: string): OperationalError =>
  new OperationalError(
    'copy-changed',
    `${printable(path)} ${why}.`,
    'Find out who writes into the backup disk; an older copy is used until then.',
  )
