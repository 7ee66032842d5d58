import type { RawPath } from '../text/raw-path.js'
import { named, type Known, type KnownImage, type RootIdentity, type Told } from './known.js'
import { isSame, movedTo, rootLost, type Step } from './settle.js'

/** How places are looked at. */
export interface PlaceLook {
  /** Which folder lies at the path of a root now; undefined: none. */
  root(path: RawPath): RootIdentity | undefined
  /** At which of its places an image lies; undefined: at none. */
  lies(image: KnownImage): RawPath | undefined
  /** A search is about to tell where what is missing went. */
  searching(): boolean
  /** The volume that an image lay on is mounted there. */
  volumeStands(image: KnownImage): boolean
}

/** As `Step`; `search`: something is not where it was, so that only a search can tell more. */
export interface PlacesStep extends Step {
  readonly search: boolean
}

/**
 * Given what is known, look at every place once. What lies at none of its places is told at the second look: at a login the
 * image is at neither for a moment, and a search may find it. Of images in a root that is not what it was, nothing is said.
 */
export function seePlaces(known: Known, look: PlaceLook): PlacesStep {
  const told: Told[] = []
  const roots = known.roots.map((root) => {
    if (!root.stands || root.identity === undefined || isSame(look.root(root.path), root.identity)) return root
    told.push(rootLost(root, known.images))
    return { ...root, stands: false }
  })
  let search = roots.some((root) => !root.stands && look.root(root.path) !== undefined)
  const standing = new Set(roots.filter(({ stands }) => stands).map(({ path }) => path))
  const images = known.images.map((image) => {
    if (!standing.has(image.root)) return image
    const now = seeImage(image, look)
    told.push(...placeTold(image, now))
    search ||= now.lies === 'missing' && image.lies === 'there'
    return now
  })
  return { known: { ...known, roots, images }, told, search }
}

function seeImage(image: KnownImage, look: PlaceLook): KnownImage {
  const path = look.lies(image)
  if (path !== undefined)
    return image.lies === 'there' && image.path === path ? image : { ...image, path, lies: 'there' }
  if (image.lies === 'there') return { ...image, lies: 'missing' }
  if (image.lies === 'missing' && !look.searching())
    return { ...image, lies: look.volumeStands(image) ? 'vanished' : 'unmounted' }
  return image
}

function placeTold(before: KnownImage, now: KnownImage): Told[] {
  if (now.lies === 'there' && before.path !== now.path) return [movedTo(before, now)]
  if (before.lies === now.lies || now.lies === 'missing') return []
  if (now.lies === 'there') return before.lies === 'missing' ? [] : [{ event: 'returned', ...named(now) }]
  return [{ event: now.lies, ...named(now) }]
}
