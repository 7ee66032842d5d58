import type { ExcludesWish } from '../link/excludes-type.js'
import type { Decision } from '../policy/policy-type.js'
import { baseName, isWithin, join, relativeTo, type RawPath } from '../text/raw-path.js'
import { readAt, type Observation, type Observed } from './observed.js'
import { imageWish } from './wishes.js'

/**
 * Given what was observed and decided, the staging folder and the plain folders that are shown in it, return what rsync is
 * to see there: the images in their slots, and of a plain folder neither an image nor what belongs to a FileVault home.
 */
export function stagedWishes(
  { images, accounts }: Pick<Observation, 'images' | 'accounts'>,
  decided: ReadonlyMap<RawPath, Decision>,
  staging: RawPath,
  folders: readonly RawPath[],
): ExcludesWish[] {
  const shown = (path: RawPath): RawPath[] =>
    folders.flatMap((folder) =>
      isWithin(path, folder) ? [join(staging, baseName(folder), relativeTo(path, folder))] : [],
    )
  return [
    ...images.flatMap((item) => imageWish(item, decided.get(item.image.path))),
    ...images.flatMap(({ image: { path, container } }) =>
      shown(path).map((place) => ({ kind: 'leave-out' as const, path: place, container })),
    ),
    ...accounts.flatMap(({ home, hiddenHome }) =>
      [home, hiddenHome].flatMap(shown).map((path) => ({ kind: 'leave-out' as const, path })),
    ),
  ]
}

/** Given what was observed, return wishes that name every image where rsync reads it. */
export const stagedPlaces = (images: readonly Observed[]): ExcludesWish[] =>
  images.map((item) => ({ kind: 'copy-image', path: readAt(item), container: item.image.container }))
