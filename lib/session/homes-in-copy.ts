import type { Image } from '../image/image.js'
import { baseName, parent, type RawPath } from '../text/raw-path.js'
import { bestPlaces, homePlace, usualName } from './home-place.js'
import type { FileVaultAccount } from './session.js'

/** A home in a section that may be one of FileVault, all paths below that section. */
export type HomeInCopy = Pick<FileVaultAccount, 'home' | 'hiddenHome' | 'imageName'>

/**
 * Given the images found in a section, a way to list a folder (undefined where it cannot be read), and where the source
 * lies in the section if not at the images' root, return the homes that look like those of FileVault: an image that bears
 * the home's name lies in a hidden folder beside it, named `.bob` or, where `bob` is there too, anything. Owners and
 * mounts of the client are not known from a copy, so this only raises suspicion: no rule may rest on it.
 */
export function accountsInCopy(
  images: readonly Pick<Image, 'path' | 'root'>[],
  namesIn: (folder: RawPath) => readonly RawPath[] | undefined,
  source?: RawPath,
): HomeInCopy[] {
  const places = images.flatMap((image) => {
    const holdsHomes = (folder: RawPath): boolean =>
      folder === image.root || folder === source || baseName(folder) === 'Users'
    const place = homePlace(image, holdsHomes)
    if (place?.lies !== 'hidden-home') return []
    return usualName(place) || namesIn(parent(place.home))?.includes(place.name) === true ? [place] : []
  })
  return bestPlaces(places).map(({ home, hiddenHome, imageName }) => ({ home, hiddenHome, imageName }))
}
