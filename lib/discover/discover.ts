import { lookAt, realPath } from '../system/file.js'
import { systemCode } from '../system/file-system-error.js'
import { closeFolder, openFolder, type Folder } from '../system/folder.js'
import { printable } from '../text/printable.js'
import { baseName, isWithin, join, parent, withoutTrailingSlash, type RawPath } from '../text/raw-path.js'
import type { Discovery, SearchOptions } from './discovery.js'
import { findBundle, findFile, type FoundImage } from './find.js'
import { whyUnread } from './messages.js'
import { collectNotes, type Notes } from './notes.js'
import { nameSlots, noteSameIdentity, withoutMoved } from './settle.js'
import { walkRoot, type Walk } from './walk.js'

/**
 * Given where to look and the limits, return every sparse image below the roots (or that a root is), in the order of their paths, with
 * notes on whatever was not looked into. Follows no link, changes nothing, keeps nothing between calls. Roots must be
 * real paths: one that leads through a link is noted as unreadable. Never throws for what lies on a disk.
 */
export function discover(options: SearchOptions): Discovery {
  const notes = collectNotes()
  const counts = { entries: 0, folders: 0, filesOpened: 0 }
  const found: FoundImage[] = []
  const roots = [...new Set(options.roots.map(withoutTrailingSlash))]
  const shared = { options, notes, counts, ...forbidden(options, roots), knownNames: byFolder(options.knownPaths) }
  for (const root of roots) {
    const file = isFile(root)
    const folder = openRoot(root, file ? parent(root) : root, options, notes)
    if (folder === undefined) continue
    const walk: Walk = {
      ...shared,
      onBundle: (bundle, listing) => findBundle(found, notes, root, bundle, listing),
      onFile: (within, name) => {
        if (findFile(found, notes, root, within, name)) counts.filesOpened += 1
      },
    }
    try {
      if (file) {
        counts.entries += 1
        walk.onFile(folder, baseName(root))
      } else walkRoot(walk, folder)
    } finally {
      closeFolder(folder)
    }
  }
  const source = withoutTrailingSlash(options.source ?? roots[0] ?? ('' as RawPath))
  const images = nameSlots(withoutMoved(found), source, notes, options.slotFolders)
  noteSameIdentity(images, notes)
  return { images, notes: notes.all(), counts }
}

/** LBackup's source, and then each section, may be one file. */
function isFile(root: RawPath): boolean {
  try {
    return lookAt(root)?.isFile() === true
  } catch {
    // Told where it is opened.
    return false
  }
}

/** `path`: the root, or the folder that holds it. */
function openRoot(root: RawPath, path: RawPath, { never }: SearchOptions, notes: Notes): Folder | undefined {
  const outside = never.find((one) => isWithin(root, one))
  if (outside !== undefined) {
    const message = `${printable(root)} was not searched: it lies in ${printable(outside)}, which is never searched.`
    notes.add('unreadable', root, `${message} Take it out of search.roots.`)
    return undefined
  }
  try {
    return openFolder(path)
  } catch (error) {
    notes.add(systemCode(error) === 'ENOENT' ? 'root-missing' : 'unreadable', root, whyUnread(error))
    return undefined
  }
}

/** By path, and by device and inode: a link or a second mount must not lead into the backup itself. */
function forbidden(options: SearchOptions, roots: readonly RawPath[]): Pick<Walk, 'isForbidden' | 'isForbiddenFolder'> {
  // A root below another root is walked once, by itself.
  const paths = new Set<RawPath>([...options.never.map(withoutTrailingSlash), ...roots])
  const names = new Set([...paths].map(baseName))
  const inodes = new Map<number, number[]>()
  for (const path of options.never) {
    const stats = whereItLeads(path)
    if (stats !== undefined) inodes.set(stats.ino, [...(inodes.get(stats.ino) ?? []), stats.dev])
  }
  return {
    isForbidden: (name, within) => names.has(name) && paths.has(join(within.path, name)),
    isForbiddenFolder: ({ stats }) => inodes.get(stats.ino)?.includes(stats.dev) === true,
  }
}

function whereItLeads(path: RawPath): ReturnType<typeof lookAt> {
  try {
    const real = realPath(path)
    return real === undefined ? undefined : lookAt(real)
  } catch {
    // Then the walk cannot come to it either, but by the path itself.
    return undefined
  }
}

function byFolder(paths: readonly RawPath[]): Walk['knownNames'] {
  const folders = new Map<RawPath, Set<RawPath>>()
  for (const path of paths) {
    const folder = parent(path)
    const names = folders.get(folder) ?? new Set<RawPath>()
    folders.set(folder, names.add(baseName(path)))
  }
  return ({ path }) => (folders.size === 0 ? undefined : folders.get(path))
}
