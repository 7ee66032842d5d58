import { OperationalError } from '../finding/operational-error.js'
import type { Container } from '../image/image.js'
import { copyFileIn } from '../system/copy-file.js'
import { dressFileIn, dressFolder } from '../system/dress.js'
import { cloneIn, linkIn, makeFolderIn, unlinkIn } from '../system/folder-writes.js'
import { systemCode } from '../system/file-system-error.js'
import { closeFolder, eachEntry, look, openFolderIn, withFolder, type Folder } from '../system/folder.js'
import type { Stats } from '../system/folder-looks.js'
import { count } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { baseName, join, parent, type RawPath } from '../text/raw-path.js'

export interface FreezeOrder {
  /** The image, whose user may swap anything in it at any moment. */
  readonly from: RawPath
  readonly container: Container
  /** Inode of the bundle's folder or of the image file: another one is not the image that was looked at. */
  readonly inode: number
  /** A held folder of ours, and the image's name there. */
  readonly into: Folder
  readonly name: RawPath
  /** `copy`: its bytes are written anew, where it lies on a snapshot that cannot be cloned from. */
  readonly how: 'clone' | 'hard-link' | 'copy'
  /** Given up when the clock passes it, milliseconds since 1970. */
  readonly deadline: number
}

const deepest = 64
// The largest image has a few million bands; whoever makes names faster than they are taken must not keep root busy.
const mostMembers = 16_000_000

interface Freezing {
  readonly order: FreezeOrder
  readonly device: number
  readonly owner: number
  members: number
}

/**
 * Given an order, make the image anew in a folder of ours, with owner, modes and times of the original, so that rsync
 * takes unchanged members for unchanged. Only folders and regular files are taken; a member that belongs to somebody else
 * than the image is refused, and so is what lies on another volume. Throws OperationalError; what was made stays, for
 * the caller to remove. Returns the number of members.
 */
export function freezeImage(order: FreezeOrder): number {
  const { from, container, inode, into, name } = order
  if (container === 'sparse-image') {
    return withFolder(parent(from), (folder) => {
      const stats = look(folder, baseName(from))
      if (stats?.ino !== inode) throw moved(from)
      takeFile({ order, device: stats.dev, owner: stats.uid, members: 0 }, folder, baseName(from), into, name)
      return 1
    })
  }
  return withFolder(from, (original) => {
    if (original.stats.ino !== inode) throw moved(from)
    const freezing = { order, device: original.stats.dev, owner: original.stats.uid, members: 0 }
    const bundle = makeFolderIn(into, name)
    try {
      takeFolder(freezing, original, bundle, 0)
      dressFolder(bundle, original.stats)
    } finally {
      closeFolder(bundle)
    }
    return freezing.members
  })
}

function takeFolder(freezing: Freezing, from: Folder, to: Folder, depth: number): void {
  if (depth > deepest) throw odd(from.path, `has folders more than ${String(deepest)} deep`)
  for (const entry of eachEntry(from)) {
    const name = entry.name as RawPath
    if (Date.now() > freezing.order.deadline) throw overdue(freezing.order.from)
    freezing.members += 1
    if (freezing.members > mostMembers) throw odd(from.path, `has more than ${count(mostMembers, 'member')}`)
    if (entry.isFile()) takeFile(freezing, from, name, to, name)
    else if (entry.isDirectory()) takeInner(freezing, from, name, to, depth)
  }
}

function takeInner(freezing: Freezing, from: Folder, name: RawPath, to: Folder, depth: number): void {
  const original = openFolderIn(from, name)
  try {
    if (original.stats.dev !== freezing.device) throw odd(original.path, 'is another volume')
    const inner = makeFolderIn(to, name)
    try {
      takeFolder(freezing, original, inner, depth + 1)
      dressFolder(inner, original.stats)
    } finally {
      closeFolder(inner)
    }
  } finally {
    closeFolder(original)
  }
}

function takeFile(freezing: Freezing, from: Folder, name: RawPath, to: Folder, newName: RawPath): void {
  const { order } = freezing
  const { how, deadline } = order
  if (Date.now() > deadline) throw overdue(order.from)
  if (how === 'hard-link') return linkFile(freezing, from, name, to, newName)
  const stats = how === 'clone' ? cloneIn(from, name, to, newName) : copyFileIn(from, name, to, newName, { deadline })
  if (stats === undefined) throw odd(join(from.path, name), 'cannot be cloned')
  refuseForeign(freezing, stats, join(from.path, name))
  if (how === 'clone') dressFileIn(to, newName, stats)
}

const cannotLink: Readonly<Record<string, string>> = {
  EMLINK: 'has as many names as its volume allows',
  EXDEV: 'cannot get a second name in the staging folder, which is mounted at another place',
}

/** A link is made before it can be told what was linked: the name may be another file's by then. */
function linkFile(freezing: Freezing, from: Folder, name: RawPath, to: Folder, newName: RawPath): void {
  try {
    linkIn(from, name, to, newName)
  } catch (error) {
    const why = cannotLink[systemCode(error) ?? '']
    throw why === undefined ? error : odd(join(from.path, name), why)
  }
  const stats = look(to, newName)
  try {
    if (stats?.isFile() !== true) throw odd(join(from.path, name), 'is no regular file any more')
    refuseForeign(freezing, stats, join(from.path, name))
  } catch (error) {
    unlinkIn(to, newName)
    throw error
  }
}

/**
 * A user may be able to give a file of somebody else a second name in his image. How many names it has tells nothing: he
 * takes this one away again before it can be counted.
 */
function refuseForeign({ device, owner }: Freezing, stats: Stats, path: RawPath): void {
  if (stats.dev !== device) throw odd(path, 'lies on another volume')
  if (stats.uid !== owner) throw odd(path, 'belongs to somebody else than the image does')
}

/** The code of what is wrong with one image alone: the others go on. */
export const oddImage = 'staging-image-odd'

const odd = (path: RawPath, why: string): OperationalError =>
  new OperationalError(oddImage, `${printable(path)} ${why}.`, 'Look at what lies there.')

const moved = (path: RawPath): OperationalError => odd(path, 'is not the image any more that was looked at')

const overdue = (path: RawPath): OperationalError =>
  new OperationalError(
    'staging-overdue',
    `The time was over before ${printable(path)} was in the staging folder.`,
    'Look for a slow disk; raise limits.hookMinutes where the time is needed.',
  )
