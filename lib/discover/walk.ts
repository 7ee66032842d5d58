import { count } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { baseName, join, type RawPath } from '../text/raw-path.js'
import { closeFolder, entriesUpTo, look, openFolderIn, type Entry, type Folder } from '../system/folder.js'
import type { SearchOptions } from './discovery.js'
import { isGone, isSwapped, swapped, whyUnread } from './messages.js'
import type { Notes } from './notes.js'
import { isWorthOpening, sortNames, type Listing } from './listing.js'

/** What a walk needs to know and where it tells what it came upon. */
export interface Walk {
  readonly options: Pick<SearchOptions, 'everyFile' | 'maxDepth' | 'maxEntries' | 'crossDevices'>
  readonly notes: Notes
  readonly counts: { entries: number; folders: number; filesOpened: number }
  /** Tells whether a folder is not to be entered, before it is opened (by path) … */
  isForbidden(name: RawPath, within: Folder): boolean
  /** … and after, as the same folder can be reached by another path. */
  isForbiddenFolder(folder: Folder): boolean
  /** The names in this folder that are opened whatever they are called. */
  knownNames(folder: Folder): ReadonlySet<RawPath> | undefined
  /** Called with each folder that may be a bundle; true: it was one, do not walk in. */
  onBundle(folder: Folder, listing: Listing): boolean
  /** Called with each file worth opening. */
  onFile(folder: Folder, name: RawPath): void
}

/**
 * Given an open root, walk through it and everything below, entering each folder through its parent's descriptor, so
 * that nothing a user renames or swaps meanwhile can lead outside. What is not looked into is noted.
 */
export function walkRoot(walk: Walk, root: Folder): void {
  walkFolder(walk, root, 0)
}

function walkFolder(walk: Walk, folder: Folder, depth: number): void {
  walk.counts.folders += 1
  const listing = list(walk, folder)
  if (listing === undefined) return
  if (listing.mayBeBundle && walk.onBundle(folder, listing)) return
  for (const name of listing.files) walk.onFile(folder, name)
  for (const name of listing.folders) enter(walk, folder, name, depth + 1)
}

function list(walk: Walk, folder: Folder): Listing | undefined {
  const { counts, options, notes } = walk
  const left = options.maxEntries - counts.entries
  let found: { entries: Entry[]; complete: boolean }
  try {
    found = entriesUpTo(folder, left)
  } catch (error) {
    if (!isGone(error)) notes.add('unreadable', folder.path, whyUnread(error))
    return undefined
  }
  counts.entries += found.entries.length
  if (!found.complete) notes.add('entry-limit', folder.path, limitReached(folder.path, options.maxEntries))
  const known = walk.knownNames(folder)
  return sortNames(found.entries, baseName(folder.path), {
    isWanted: (name) => options.everyFile || isWorthOpening(name) || (known !== undefined && known.has(name)),
    typeOf: (name) => look(folder, name),
  })
}

function enter(walk: Walk, within: Folder, name: RawPath, depth: number): void {
  const { options, notes } = walk
  if (walk.isForbidden(name, within)) return
  const path = join(within.path, name)
  if (depth > options.maxDepth) {
    notes.add('depth-limit', path, tooDeep(path, options.maxDepth))
    return
  }
  if (walk.counts.entries >= options.maxEntries) {
    notes.add('entry-limit', path, limitReached(path, options.maxEntries))
    return
  }
  let folder: Folder
  try {
    folder = openFolderIn(within, name)
  } catch (error) {
    if (isSwapped(error)) notes.add('unreadable', path, swapped(path))
    else if (!isGone(error)) notes.add('unreadable', path, whyUnread(error))
    return
  }
  try {
    if (folder.stats.dev !== within.stats.dev && !options.crossDevices)
      notes.add('other-device', path, otherDevice(path))
    else if (!walk.isForbiddenFolder(folder)) walkFolder(walk, folder, depth)
  } finally {
    closeFolder(folder)
  }
}

const limitReached = (path: RawPath, limit: number): string =>
  `${printable(path)} was not searched, or not wholly: the search gave up after ${count(limit, 'entry', 'entries')}. ` +
  'Raise search.maxEntries.'

const tooDeep = (path: RawPath, limit: number): string =>
  `${printable(path)} was not searched: it lies more than ${count(limit, 'folder')} deep. Raise search.maxDepth.`

const otherDevice = (path: RawPath): string =>
  `${printable(path)} was not searched: another volume is mounted there. ` +
  'To search it, name it in search.roots or set search.crossDevices.'
