import { isWithin, join, parent, type RawPath } from '../text/raw-path.js'
import type { ExcludesWish } from './excludes-type.js'

/** What is to happen to a place and all below it, unless a place below says otherwise. */
export interface Place {
  readonly path: RawPath
  /** `hollow`: the folder itself is copied, nothing in it. */
  readonly stand: 'copied' | 'left' | 'hollow'
  /** undefined: not known. */
  readonly folder: boolean | undefined
  readonly what: 'image' | 'home' | 'mount-point'
}

/** Places by path, and the folders rsync must enter although they lie in, or are, something left out. */
export interface Places {
  readonly all: ReadonlyMap<RawPath, Place>
  readonly opened: ReadonlySet<RawPath>
}

const strength = { left: 2, hollow: 1, copied: 0 } as const

/** Given the wishes, return the places they speak of. Where two speak of one place, the one that copies less wins. */
export function placesOf(wishes: readonly ExcludesWish[]): Places {
  const all = new Map<RawPath, Place>()
  const homes = new Set(wishes.flatMap((wish) => (wish.kind === 'filevault-home' ? [wish.home] : [])))
  for (const wish of wishes) {
    // A FileVault home is a mount point while its user is logged in; its own rules say what becomes of it.
    if (wish.kind === 'mount-point' && homes.has(wish.path)) continue
    for (const place of placesOfWish(wish)) {
      const known = all.get(place.path)
      if (known === undefined || strength[place.stand] > strength[known.stand]) all.set(place.path, place)
    }
  }
  return { all, opened: openedFolders(all) }
}

function placesOfWish(wish: ExcludesWish): Place[] {
  switch (wish.kind) {
    case 'copy-image':
      return [{ path: wish.path, stand: 'copied', folder: wish.container === 'sparse-bundle', what: 'image' }]
    case 'leave-out': {
      const folder = wish.container === undefined ? undefined : wish.container === 'sparse-bundle'
      return [{ path: wish.path, stand: 'left', folder, what: 'image' }]
    }
    case 'mount-point':
      return [{ path: wish.path, stand: wish.copy ? 'copied' : 'left', folder: true, what: 'mount-point' }]
    case 'filevault-home':
      return placesOfHome(wish)
  }
}

function placesOfHome(wish: Extract<ExcludesWish, { kind: 'filevault-home' }>): Place[] {
  const wanted = wish.copy === 'image' ? wish.lies : undefined
  const folder = wish.container === 'sparse-bundle'
  const image = (where: RawPath, copied: boolean): Place => {
    return { path: join(where, wish.imageName), stand: copied ? 'copied' : 'left', folder, what: 'image' }
  }
  const home = (path: RawPath, stand: Place['stand']): Place => ({ path, stand, folder: true, what: 'home' })
  return [
    // Hollow, not left: LBackup then has the home's folder, with its owner, where an older copy can be kept.
    home(wish.home, wish.copy === 'contents' ? 'copied' : 'hollow'),
    home(wish.hiddenHome, wanted === 'hidden-home' ? 'hollow' : 'left'),
    image(wish.home, wanted === 'home'),
    image(wish.hiddenHome, wanted === 'hidden-home'),
  ]
}

/** The nearest place above a path, itself not counted. */
export function placeAbove(all: ReadonlyMap<RawPath, Place>, path: RawPath): Place | undefined {
  for (let folder = parent(path); folder !== ''; folder = parent(folder)) {
    const place = all.get(folder)
    if (place !== undefined) return place
    if (folder === '/') return undefined
  }
  return undefined
}

/** Whether a path would be left out for what lies above it. */
export function isCovered(all: ReadonlyMap<RawPath, Place>, path: RawPath): boolean {
  const above = placeAbove(all, path)
  return above !== undefined && above.stand !== 'copied'
}

function openedFolders(all: ReadonlyMap<RawPath, Place>): Set<RawPath> {
  const opened = new Set<RawPath>()
  for (const place of all.values()) {
    if (place.stand !== 'copied' || !isCovered(all, place.path)) continue
    for (let folder = parent(place.path); folder !== '' && folder !== '/'; folder = parent(folder)) {
      const stand = all.get(folder)?.stand
      if (stand === 'copied' || (stand === undefined && !isCovered(all, folder))) break
      opened.add(folder)
    }
  }
  return opened
}

/** Given the places and a path, tell whether the wishes want that path copied, as far as they speak of it. */
export function isWanted(places: Places, path: RawPath): boolean {
  if (places.opened.has(path)) return true
  const stand = places.all.get(path)?.stand
  if (stand === 'copied') return true
  return stand !== 'left' && !isCovered(places.all, path)
}

/** The places that lie in the source or are it. */
export const placesWithin = (places: Places, folder: RawPath): Place[] =>
  [...places.all.values()].filter((place) => isWithin(place.path, folder))
