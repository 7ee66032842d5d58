import type { Image } from '../image/image.js'
import { printable } from '../text/printable.js'
import { baseName, join, parent, type RawPath } from '../text/raw-path.js'
import type { FileVaultAccount } from './session.js'

/** What is needed of an image that was found. */
export type FoundImage = Pick<Image, 'path' | 'root'>

const imageSuffix = /\.sparse(bundle|image)$/u
// What Finder and rsync leave in any folder.
const harmless = /^\.(_.*|DS_Store|localized|Spotlight-V100|fseventsd|Trashes|CFUserTextEncoding)$/u

/**
 * Given the images found and a way to list a folder (undefined where it cannot be read), return the FileVault accounts
 * that their places show. The image must carry the home's name, and the home must lie directly in a folder of homes: a
 * search root, or a folder named `Users`. Two places count:
 * - logged out, `/Users/bob/bob.sparsebundle`, and nothing else in `/Users/bob`;
 * - logged in, or after a crash, `/Users/.bob/bob.sparsebundle`: a hidden folder beside the home. Its name is taken as
 *   it is; it must be `.bob`, or `/Users/bob` must be there.
 * Any other image in a home is its owner's own: what FileVault accounts get keeps the rest of the home out of the backup.
 */
export function accountsFromFolders(
  images: readonly FoundImage[],
  namesIn: (folder: RawPath) => readonly RawPath[] | undefined,
): FileVaultAccount[] {
  const accounts = images.flatMap((image) => account(image, namesIn))
  // After a crash there may be an image in both places; the hidden folder that was seen counts.
  const hidden = new Map(accounts.filter((one) => one.lies === 'hidden-home').map((one) => [one.home, one.hiddenHome]))
  const byHome = new Map<string, FileVaultAccount>()
  for (const { user, home, hiddenHome, imageName } of accounts) {
    if (byHome.has(home)) continue
    byHome.set(home, { user, home, hiddenHome: hidden.get(home) ?? hiddenHome, imageName, source: 'folder' })
  }
  return [...byHome.values()]
}

type Placed = Omit<FileVaultAccount, 'source'> & { readonly lies: 'home' | 'hidden-home' }

function account(image: FoundImage, namesIn: (folder: RawPath) => readonly RawPath[] | undefined): Placed[] {
  const imageName = baseName(image.path)
  const name = imageName.replace(imageSuffix, '') as RawPath
  const folder = parent(image.path)
  const homes = parent(folder)
  const holdsHomes = homes === image.root || baseName(homes) === 'Users'
  if (name === imageName || name === '' || name.startsWith('.') || !holdsHomes) return []
  const home = join(homes, name)
  const place = { user: printable(name), home, imageName }
  if (baseName(folder).startsWith('.')) {
    const beside = baseName(folder) === `.${name}` || namesIn(homes)?.includes(name) === true
    return beside ? [{ ...place, hiddenHome: folder, lies: 'hidden-home' }] : []
  }
  const others = (namesIn(folder) ?? []).filter((entry) => entry !== imageName && !harmless.test(entry))
  if (folder !== home || others.length > 0) return []
  return [{ ...place, hiddenHome: join(homes, `.${name}`), lies: 'home' }]
}

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
