import type { Container } from '../image/image.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { copyFileIn } from '../system/copy-file.js'
import { dressFolder } from '../system/dress.js'
import { makeFolderIn, makeOrOpenFolderIn } from '../system/folder-writes.js'
import { closeFolder, entries, look, openFolderIn, withFolder, type Folder } from '../system/folder.js'
import { baseName, join, parent, type RawPath } from '../text/raw-path.js'
import { copyChanged } from './copy-changed.js'
import { take, type Taking } from './take-member.js'
import { takeVouched, takeVouchedFile } from './take-vouched.js'

export interface BuildOrder {
  /** The image whose members are taken. */
  readonly from: RawPath
  readonly container: Container
  /** A held folder of ours, and the new image's name there. */
  readonly into: Folder
  readonly name: RawPath
  /**
   * `clone-or-link`: reflinks where the file system can, so that no later write into one copy changes the other.
   * `clone-or-copy`: no member shares an inode with the original, whatever the file system can; not together with `only`.
   */
  readonly how: 'link' | 'clone-or-link' | 'clone-or-copy'
  /** Given the bytes of the next member that is copied because it cannot be cloned, throw where that is too much. */
  readonly beforeCopy?: (bytes: number) => void
  /**
   * Only members of this manifest are taken, each as the file that it was: same inode, size and mtime. What somebody put
   * beside them since stays behind.
   */
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

interface Building extends Taking {
  readonly order: BuildOrder
  readonly skipped: ReadonlySet<RawPath>
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
  const building: Building = {
    order,
    skipped: new Set([...(leaveOut ?? []), ...(replace?.members ?? [])]),
    clone: how !== 'link',
    copiedBytes: 0,
    ...(how === 'clone-or-copy' ? { copy: (...places) => copyApart(building, ...places) } : {}),
  }
  if (container === 'sparse-bundle') buildBundle(building, from, into, name)
  else if (replace === undefined) withFolder(parent(from), (folder) => buildFile(building, folder, into, name))
  else copyNew(building, parent(replace.source), baseName(replace.source), into, name)
  return { shared: !building.clone && how !== 'clone-or-copy', copiedBytes: building.copiedBytes }
}

function buildFile(building: Building, folder: Folder, into: Folder, name: RawPath): void {
  const { from, only } = building.order
  if (only === undefined) take(building, folder, baseName(from), into, name)
  else takeVouchedFile(building, only, folder, baseName(from), into, name)
}

function buildBundle(building: Building, from: RawPath, into: Folder, name: RawPath): void {
  const { only } = building.order
  withFolder(from, (original) => {
    const bundle = makeFolderIn(into, name)
    try {
      if (only === undefined) takeFolder(building, original, bundle, '' as RawPath, 0)
      else takeVouched(building, only, original, bundle, (folder) => hasReplaced(building, folder))
      replaceMembers(building, bundle)
      dressFolder(bundle, original.stats)
    } finally {
      closeFolder(bundle)
    }
  })
}

function takeFolder(building: Building, from: Folder, to: Folder, path: RawPath, depth: number): void {
  if (depth > deepest) throw copyChanged(from.path, `has folders more than ${String(deepest)} deep`)
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

function copyApart(building: Building, from: Folder, name: RawPath, to: Folder, newName: RawPath): void {
  const { deadline, beforeCopy } = building.order
  beforeCopy?.(look(from, name)?.size ?? 0)
  const stats = copyFileIn(from, name, to, newName, deadline === undefined ? {} : { deadline })
  building.copiedBytes += stats.size
}

function copyNew(building: Building, folder: RawPath, name: RawPath, to: Folder, newName: RawPath): void {
  const { deadline } = building.order
  const stats = withFolder(folder, (from) =>
    copyFileIn(from, name, to, newName, deadline === undefined ? {} : { deadline }),
  )
  building.copiedBytes += stats.size
}
