import type { Image } from '../image/image.js'
import { printable } from '../text/printable.js'
import { baseName, parent, type RawPath } from '../text/raw-path.js'
import { bestPlaces, holdsOnlyImage, homePlace, usualName, type HomePlace } from './home-place.js'
import type { FileVaultAccount } from './session.js'

/** What is needed of an image that was found. */
export type FoundImage = Pick<Image, 'path' | 'root' | 'ownerUid'>

/** What is needed of a folder to tell whose it is, and whether a volume is mounted on it. */
export interface FolderFacts {
  readonly device: number
  readonly ownerUid: number
}

/** How folders around an image are looked at. */
export interface FolderLook {
  /** The names in a folder; undefined where it cannot be read. */
  readonly namesIn: (folder: RawPath) => readonly RawPath[] | undefined
  /** `missing` where nothing of that name is there; undefined where it cannot be looked at. */
  readonly factsOf: (folder: RawPath) => FolderFacts | 'missing' | undefined
}

/**
 * Given the images found and how to look at folders, return the FileVault accounts that their places show. The image must
 * carry the home's name, the home must lie directly in a folder of homes (a search root, or a folder named `Users`), and
 * where the home exists its owner must own the image. Two places count:
 * - logged out, `/Users/bob/bob.sparsebundle`, and nothing else in `/Users/bob`;
 * - logged in, or after a crash, `/Users/.bob/bob.sparsebundle`: a hidden folder beside the home, taken as it is named
 *   where the home exists, else named `.bob`; and `/Users/bob` is missing, holds nothing else, or is a mount point.
 * What accounts get keeps the rest of the home out of the backup, so a full plain home beside such an image is none:
 * neither a left-over folder nor one planted by another user may leave anybody's files out.
 */
export function accountsFromFolders(images: readonly FoundImage[], look: FolderLook): FileVaultAccount[] {
  const places = images.flatMap((image) => {
    const place = homePlace(image, (folder) => folder === image.root || baseName(folder) === 'Users')
    return place !== undefined && isAccount(place, image, look) ? [place] : []
  })
  return bestPlaces(places).map(({ name, home, hiddenHome, imageName }) => {
    return { user: printable(name), home, hiddenHome, imageName, source: 'folder' }
  })
}

function isAccount(place: HomePlace, { ownerUid }: FoundImage, { namesIn, factsOf }: FolderLook): boolean {
  const facts = factsOf(place.home)
  if (facts === 'missing') return place.lies === 'hidden-home' && usualName(place)
  if (facts?.ownerUid !== ownerUid) return false
  if (place.lies === 'hidden-home' && isMountPoint(facts, factsOf(parent(place.home)))) return true
  const names = namesIn(place.home)
  return names !== undefined && holdsOnlyImage(names, place)
}

const isMountPoint = (home: FolderFacts, homes: FolderFacts | 'missing' | undefined): boolean =>
  typeof homes === 'object' && homes.device !== home.device

/**
 * Given the accounts the directory names and those the folders show, return each home once. The directory knows the
 * user; the folders know the hidden home's real name.
 */
export function mergeAccounts(
  directory: readonly FileVaultAccount[],
  folders: readonly FileVaultAccount[],
): FileVaultAccount[] {
  const seen = new Map<string, FileVaultAccount>(folders.map((one) => [one.home, one]))
  const named = directory.map((one) => ({ ...one, hiddenHome: seen.get(one.home)?.hiddenHome ?? one.hiddenHome }))
  const homes = new Set<string>(directory.map((one) => one.home))
  return [...named, ...folders.filter((one) => !homes.has(one.home))]
}
