import { createHash } from 'node:crypto'
import { baseName, join, parent, toBytes, type RawPath } from '../text/raw-path.js'

const suffix = /\.(sparsebundle|backupbundle|sparseimage|dmg|dmgpart)$/i

/**
 * Given an image's path relative to the backup's source (an absolute path for an image outside it) and its owner,
 * return its slot: `[a-z0-9-]{1,64}`, made from the name and a hash of home, owner and name. The path in a section,
 * relative to the source's copy, gives the same slot. `asItLies` leaves the rule of hidden homes out.
 */
export function slotOf(path: RawPath, ownerUid: number, options: { asItLies?: boolean } = {}): string {
  const place = options.asItLies === true ? { home: parent(path), name: baseName(path) } : placeOf(path)
  const digest = createHash('sha256')
    .update(toBytes(`${place.home}\0${String(ownerUid)}\0${place.name}` as RawPath))
    .digest('hex')
  return `${label(place.name)}-${digest.slice(0, 20)}`
}

/**
 * Given an image's path relative to the source, return the home it belongs to and its name there. While bob is logged
 * in, FileVault 1 keeps his image in `.bob` beside `bob` (freelancingdigest shows `/Users/.eric/eric.sparseimage`;
 * rfc1437.de a hidden `.hugo.sparseimage`). So an image directly in a folder `.X` belongs to `X` beside it where the
 * image itself is named X, or where `.X` lies in the source itself or in a folder named `Users`: there are homes. Any
 * other hidden folder is a place of its own. An image `.X.suffix` in such a home is `X.suffix`.
 */
export function placeOf(path: RawPath): { home: RawPath; name: RawPath } {
  const lies = parent(path)
  const above = parent(lies)
  const folder = baseName(lies)
  const user = /^\.[^.]/.test(folder) ? folder.slice(1) : folder
  const given = baseName(path)
  const name = given.startsWith('.') && stem(given.slice(1)) === user ? (given.slice(1) as RawPath) : given
  const amongHomes = above === '' || baseName(above) === 'Users'
  const belongs = user !== folder && (stem(name) === user || amongHomes)
  return { home: belongs ? join(above, user) : lies, name }
}

/** Given an image's path relative to a copy of the staging folder, return the slot that its folder is named by, if any. */
export function slotOfFolder(path: RawPath): string | undefined {
  const [folder, name, ...more] = path.split('/')
  const named = name !== undefined && more.length === 0 && /^[a-z0-9-]{1,43}-[0-9a-f]{20}$/.test(folder ?? '')
  return named ? folder : undefined
}

const stem = (name: string): string => name.replace(suffix, '')

function label(name: RawPath): string {
  const words = stem(name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 40)
    .replace(/-+$/, '')
  return words === '' ? 'image' : words
}
