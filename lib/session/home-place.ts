import type { Image } from '../image/image.js'
import { baseName, join, parent, type RawPath } from '../text/raw-path.js'
import type { FileVaultAccount } from './session.js'

/** Where an image lies that bears the name of a home: in that home, or in a hidden folder beside it. */
export interface HomePlace extends Pick<FileVaultAccount, 'home' | 'hiddenHome' | 'imageName'> {
  /** The home's own name. */
  readonly name: RawPath
  readonly lies: 'home' | 'hidden-home'
}

const imageSuffix = /\.sparse(bundle|image)$/u
// What Finder and rsync leave in any folder.
const harmless = /^\.(_.*|DS_Store|localized|Spotlight-V100|fseventsd|Trashes|CFUserTextEncoding)$/u

/**
 * Given an image and whether a folder is one of homes, return the home whose name the image bears, where it lies directly
 * in that home or in a hidden folder beside it; the hidden folder's name is taken as it is. Undefined for all others.
 */
export function homePlace(image: Pick<Image, 'path'>, holdsHomes: (folder: RawPath) => boolean): HomePlace | undefined {
  const imageName = baseName(image.path)
  const name = imageName.replace(imageSuffix, '') as RawPath
  const folder = parent(image.path)
  const homes = parent(folder)
  if (name === imageName || name === '' || name.startsWith('.') || !holdsHomes(homes)) return undefined
  const home = join(homes, name)
  if (baseName(folder).startsWith('.')) return { name, home, hiddenHome: folder, imageName, lies: 'hidden-home' }
  return folder === home ? { name, home, hiddenHome: join(homes, `.${name}`), imageName, lies: 'home' } : undefined
}

/** Given a place, tell whether its hidden folder is named as macOS names it, `.bob` for `bob`. */
export const usualName = ({ name, hiddenHome }: HomePlace): boolean => baseName(hiddenHome) === `.${name}`

/** Given the names in a home, tell whether it holds nothing but its image and what systems leave in any folder. */
export const holdsOnlyImage = (names: readonly RawPath[], { imageName }: HomePlace): boolean =>
  names.every((name) => name === imageName || harmless.test(name))

/**
 * Given places, return one for each home. After a crash there may be an image in both: the hidden folder that was seen
 * counts, and of several the one with the usual name.
 */
export function bestPlaces(places: readonly HomePlace[]): HomePlace[] {
  const rank = (place: HomePlace): number => (place.lies === 'home' ? 0 : usualName(place) ? 2 : 1)
  const best = new Map<RawPath, HomePlace>()
  for (const place of places) {
    const other = best.get(place.home)
    if (other === undefined || rank(place) > rank(other)) best.set(place.home, place)
  }
  return [...best.values()]
}
