import { OperationalError } from '../finding/operational-error.js'
import type { Image } from '../image/image.js'
import { modifiedSeconds } from '../system/folder-looks.js'
import { closeFolder, openFolderIn, withFolder, type Folder } from '../system/folder.js'
import { printable } from '../text/printable.js'
import { baseName, join, parent, type RawPath } from '../text/raw-path.js'
import { columnOf, lookAtColumn, pairUp, type Column } from './column.js'
import { differenceList, type DifferenceList } from './difference-list.js'
import type { Difference } from './difference-text.js'

export { differenceText, type Difference, type DifferenceKind } from './difference-text.js'

type Place = Pick<Image, 'path' | 'container'>

/** LBackup's rsync runs with --modify-window=20 (LBackup's own script), which compares whole seconds. */
const windowSeconds = 20

/**
 * Given an image and its copy, return how their members differ in name, type, size and mtime (whole seconds), one entry
 * per kind, the gravest first. Made for images whose `Structure.listing` differ. Both are looked at anew, no link is
 * followed, no content read, and a side that is gone or may not be read is a difference too. Empty where nothing
 * differs: the image was put right meanwhile, or the listings differ only by how times are rounded. Blocks until it is
 * done: some microseconds for each member.
 */
export function differences(source: Place, copy: Place): Difference[] {
  const list = differenceList()
  openImage(source, list, 'source-unseen', (mine) => {
    openImage(copy, list, 'copy-unseen', (other) => {
      if (source.container !== copy.container) list.add('type', baseName(source.path))
      else if (source.container === 'sparse-image') compareFiles(mine, other, list)
      else compareBundles(mine, other, list)
    })
  })
  return list.all()
}

type Unseen = 'source-unseen' | 'copy-unseen'

/** An image that is held: a bundle's own folder, or the folder that a sparse image lies in. */
interface Held {
  readonly folder: Folder
  readonly name: RawPath
}

function openImage(place: Place, list: DifferenceList, kind: Unseen, use: (held: Held) => void): void {
  const name = baseName(place.path)
  seen(list, kind, name, () => {
    withFolder(parent(place.path), (folder) => {
      if (place.container === 'sparse-image') return use({ folder, name })
      const bundle = openFolderIn(folder, name)
      try {
        use({ folder: bundle, name })
      } finally {
        closeFolder(bundle)
      }
    })
  })
}

/** Returns what the look returns; where the disk refuses it, that is a difference, and nothing is returned. */
function seen<Result>(list: DifferenceList, kind: Unseen, member: RawPath, look: () => Result): Result | undefined {
  try {
    return look()
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    list.add(kind, member, error.message)
    return undefined
  }
}

/** A copy need not have the name of its image: where the source is one file, the section itself is the copy. */
function compareFiles(source: Held, copy: Held, list: DifferenceList): void {
  const mine = fileOf(source, list, 'source-unseen')
  const other = mine && fileOf(copy, list, 'copy-unseen')
  if (mine !== undefined && other !== undefined) compareMembers(mine, other, 0, 0, source.name, list)
}

function fileOf({ folder, name }: Held, list: DifferenceList, kind: Unseen): Side | undefined {
  const column = lookAtColumn(folder, { indexes: new Float64Array(0), others: [name] })
  if (column.standing(0) !== 'gone') return { folder, name, column }
  list.add(kind, name, `${printable(join(folder.path, name))} is not there.`)
  return undefined
}

function compareBundles(source: Held, copy: Held, list: DifferenceList): void {
  const folders = compareFolders(source.folder, copy.folder, '' as RawPath, list)
  for (const part of parts) {
    if (!folders.has(part)) continue
    seen(list, 'source-unseen', part, () => {
      const mine = openFolderIn(source.folder, part)
      try {
        seen(list, 'copy-unseen', part, () => {
          const other = openFolderIn(copy.folder, part)
          try {
            compareFolders(mine, other, part, list)
          } finally {
            closeFolder(other)
          }
        })
      } finally {
        closeFolder(mine)
      }
    })
  }
}

const parts = ['mapped', 'bands'] as RawPath[]

/** Returns which of `mapped` and `bands` are folders on both sides. */
function compareFolders(source: Folder, copy: Folder, path: RawPath, list: DifferenceList): ReadonlySet<RawPath> {
  const folders = new Set<RawPath>()
  const label = path === '' ? baseName(source.path) : path
  const mine = seen(list, 'source-unseen', label, () => columnOf(source))
  const other = mine && seen(list, 'copy-unseen', label, () => columnOf(copy))
  if (mine === undefined || other === undefined) return folders
  pairUp(mine, other, (name, at, otherAt) => {
    const member = join(path, name)
    const [here, there] = [
      { folder: source, name, column: mine },
      { folder: copy, name, column: other },
    ]
    if (compareMembers(here, there, at, otherAt, member, list) === 'folder' && parts.includes(name)) folders.add(name)
  })
  return folders
}

interface Side extends Held {
  readonly column: Column
}

/** Returns the type that both have. */
function compareMembers(
  source: Side,
  copy: Side,
  at: number | undefined,
  otherAt: number | undefined,
  member: RawPath,
  list: DifferenceList,
): string | undefined {
  const mine = at === undefined ? 'gone' : source.column.standing(at)
  const other = otherAt === undefined ? 'gone' : copy.column.standing(otherAt)
  if (mine === 'unseen') list.add('source-unseen', member, source.column.because)
  else if (other === 'unseen') list.add('copy-unseen', member, copy.column.because)
  else if (mine === 'gone' || other === 'gone') {
    if (mine !== other) list.add(mine === 'gone' ? 'extra' : 'missing', member)
  } else if (mine !== other) list.add('type', member)
  else {
    if (mine === 'file') compareFacts(source, copy, at as number, otherAt as number, member, list)
    return mine
  }
  return undefined
}

function compareFacts(source: Side, copy: Side, at: number, otherAt: number, member: RawPath, list: DifferenceList) {
  if (source.column.size(at) !== copy.column.size(otherAt)) return list.add('size', member)
  const apart = Math.abs(source.column.seconds(at) - copy.column.seconds(otherAt))
  // Milliseconds as doubles round the last tenth of a microsecond up into the next second.
  if (apart === 0 || (apart === 1 && isSameSecond(source, copy))) return
  list.add(apart <= windowSeconds ? 'missed-change' : 'other-time', member)
}

function isSameSecond(source: Held, copy: Held): boolean {
  const seconds = modifiedSeconds(source.folder, source.name)
  return seconds !== undefined && seconds === modifiedSeconds(copy.folder, copy.name)
}
