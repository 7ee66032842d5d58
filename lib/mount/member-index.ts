import { identityOf, type FileIdentity } from '../system/kernel-file.js'
import { baseName, join, parent, withoutTrailingSlash, type RawPath } from '../text/raw-path.js'
import { volumeOf } from './mount-output.js'
import { deviceText, type LinuxMount } from './mountinfo.js'
import { keyNames, type Watched } from './members.js'

/** One use of one image: which of its files. */
export interface Hit {
  readonly image: RawPath
  readonly member: RawPath
}

/** Inodes of members known from elsewhere (the structure look), for each image's path. */
export type KnownMembers = ReadonlyMap<RawPath, ReadonlySet<number>>

/** Tells of an open file whether it belongs to an image. */
export interface MemberIndex {
  /** Given where a descriptor leads, tell whether it is worth asking which file that is. */
  plausible(target: RawPath): boolean
  /** Given where a descriptor leads and which file that is, return the images it belongs to. */
  hits(target: RawPath, file: Pick<FileIdentity, 'device' | 'inode' | 'links'>): Hit[]
  /** Given a file as the kernel's own tables name it (`major:minor`, inode), return the images it belongs to. */
  inTable(device: string, inode: number): Hit[]
}

const deleted = ' (deleted)'
const bandFolders = new Set<string>(['bands', 'mapped'])
const key = (device: number | string, inode: number): string => `${String(device)}:${String(inode)}`

/**
 * Given images and, where known, the inodes of their members, return the index. Files are told by device and inode; a
 * process in another mount namespace, or one that came through a bind mount, sees them under another path. Bands are
 * not listed for this (there may be 131,072): a band's name leads to the one file to compare.
 */
export function memberIndex(
  images: readonly Watched[],
  mounts: readonly LinuxMount[],
  known: KnownMembers = new Map(),
): MemberIndex {
  const names = new Set<string>(keyNames)
  const files = new Map<string, Hit[]>()
  let anyName = false
  const addOne = (place: string, hit: Hit): void => {
    const hits = files.get(place)
    if (hits === undefined) files.set(place, [hit])
    else hits.push(hit)
  }
  const add = (device: number, inode: number, hit: Hit): void => {
    addOne(key(device, inode), hit)
    // btrfs shows programs a device for each subvolume; the kernel's tables name the one of the whole file system.
    const volume = volumeOf(mounts, hit.image)?.device
    for (const name of new Set([deviceText(device), volume])) {
      if (name !== undefined) addOne(key(name, inode), hit)
    }
  }
  for (const { subject, files: keyFiles } of images) {
    if (subject.container === 'sparse-image') names.add(baseName(subject.path))
    for (const file of keyFiles) {
      // A file with several names may have been opened by any of them.
      if (file.links > 1) anyName = true
      add(file.device, file.inode, { image: subject.path, member: file.name })
    }
    const seen = new Set(keyFiles.map((file) => file.inode))
    for (const inode of known.get(subject.path) ?? []) {
      if (!seen.has(inode)) add(subject.device, inode, { image: subject.path, member: 'a band' as RawPath })
    }
  }
  const bundles = images.map(({ subject }) => subject).filter(({ container }) => container === 'sparse-bundle')
  return {
    inTable: (device, inode) => files.get(key(device, inode)) ?? [],
    plausible: (target) => {
      if (!target.startsWith('/')) return false
      if (anyName) return true
      const path = withoutMark(target)
      return names.has(baseName(path)) || names.has(baseName(target)) || bandFolders.has(baseName(parent(path)))
    },
    hits: (target, file) => {
      const exact = files.get(key(file.device, file.inode))
      if (exact !== undefined) return exact
      const path = file.links === 0 ? withoutMark(target) : target
      const folder = baseName(parent(path))
      if (!bandFolders.has(folder)) return []
      const member = join(folder, baseName(path))
      return bundles
        .filter((bundle) => bundle.device === file.device)
        .filter((bundle) => {
          const here = join(bundle.path, member)
          // A band that macOS trimmed away while it was open has lost its name.
          if (here === path) return true
          const same = identityOf(here)
          return typeof same === 'object' && same.inode === file.inode && same.device === file.device
        })
        .map((bundle) => ({ image: bundle.path, member }))
    },
  }
}

/** The kernel writes ` (deleted)` behind the path of a file that has no name any more. */
function withoutMark(target: RawPath): RawPath {
  return target.endsWith(deleted) ? withoutTrailingSlash(target.slice(0, -deleted.length) as RawPath) : target
}
