import { isBundleName, isIncompleteName } from '../image/format.js'
import type { Image } from '../image/image.js'
import type { Folder } from '../system/folder.js'
import { printable } from '../text/printable.js'
import { baseName, join, type RawPath } from '../text/raw-path.js'
import type { Listing } from './listing.js'
import { isGone, isSwapped, otherKind, whyUnread } from './messages.js'
import type { Notes } from './notes.js'
import { recogniseBundle, recogniseSingleFile, unrecognisedBundle, type Recognised } from './recognise.js'

/** An image before its slot is known: that needs the whole search. */
export type FoundImage = Omit<Image, 'slot'>

/**
 * Given an open folder that may be a bundle, add it to the images where it is one or is named like one. Returns whether
 * the walk is to stay out of it.
 */
export function findBundle(
  images: FoundImage[],
  notes: Notes,
  root: RawPath,
  folder: Folder,
  listing: Listing,
): boolean {
  const name = baseName(folder.path)
  const { path, stats } = folder
  if (isIncompleteName(name) && (listing.hasMembers || isBundleName(name.slice(0, -11) as RawPath))) {
    notes.add('incomplete-image', path, incomplete(path))
    return true
  }
  let recognised: Recognised | undefined
  if (listing.hasMembers) {
    try {
      recognised = recogniseBundle(folder)
    } catch (error) {
      notes.add('unreadable', path, whyUnread(error))
    }
  }
  if (recognised === undefined && !isBundleName(name)) return false
  images.push({
    path,
    root,
    container: 'sparse-bundle',
    recognised: recognised !== undefined,
    ownerUid: stats.uid,
    device: stats.dev,
    inode: stats.ino,
    ...(recognised ?? unrecognisedBundle(folder)),
  })
  // Named like a bundle and nothing of one in it: an ordinary folder after all, which may hold images.
  return recognised !== undefined || listing.hasBands
}

/** Given an open folder and a file in it worth opening, add it to the images where its content, or its name, says so. */
export function findFile(images: FoundImage[], notes: Notes, root: RawPath, folder: Folder, name: RawPath): boolean {
  const path = join(folder.path, name)
  if (isIncompleteName(name)) {
    notes.add('incomplete-image', path, incomplete(path))
    return false
  }
  try {
    const { kind, format, stats, encryption, identity } = recogniseSingleFile(folder, name)
    if (kind === 'other-image-kind') notes.add('other-image-kind', path, otherKind(path, format))
    if (kind === 'sparse-image' || kind === 'damaged') {
      const recognised = kind === 'sparse-image'
      const place = { path, root, ownerUid: stats.uid, device: stats.dev, inode: stats.ino }
      images.push({ ...place, container: 'sparse-image', encryption, recognised, identity })
    }
  } catch (error) {
    // Gone, or no regular file any more: nothing that could be an image now.
    if (!isGone(error) && !isSwapped(error)) notes.add('unreadable', path, whyUnread(error))
  }
  return true
}

const incomplete = (path: RawPath): string =>
  `${printable(path)} is not finished yet: Time Machine renames it when it is. It was left alone.`
