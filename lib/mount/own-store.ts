import { realPath } from '../system/file.js'
import { identityOf } from '../system/kernel-file.js'
import { isWithin, parent, type RawPath } from '../text/raw-path.js'

/** What is needed of an image to tell whether we ourselves live in it. */
export interface MountedImage {
  readonly path: RawPath
  /** Where its volumes are mounted, see `Usage.mountPoints`. */
  readonly mountPoints: readonly RawPath[]
}

/**
 * Given images and the places we need ourselves (backupDest, LBackup's configuration, our state folder), return the
 * paths of the images that hold one of them: on their mounted volume, or on that of an image that lies on it in turn.
 * Such an image is in use because we run; waiting for it would never end.
 */
export function ownStores(images: readonly MountedImage[], ownPaths: readonly RawPath[]): Set<RawPath> {
  const found = new Set<RawPath>()
  const places = [...ownPaths]
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    for (const { path, mountPoints } of images) {
      if (found.has(path) || !mountPoints.some((point) => isOnVolume(place, point))) continue
      found.add(path)
      places.push(path)
    }
  }
  return found
}

/** Given one image and our own places, tell whether its mounted volume holds one of them. */
export const ownStore = (image: MountedImage, ownPaths: readonly RawPath[]): boolean =>
  ownStores([image], ownPaths).has(image.path)

/** Below a mount point may lie another volume: the device decides. What does not exist yet counts by its nearest folder. */
function isOnVolume(place: RawPath, mountPoint: RawPath): boolean {
  const here = existing(place)
  const point = tryRealPath(mountPoint)
  if (here === undefined || point === undefined || !isWithin(here, point)) return false
  const [file, root] = [identityOf(here), identityOf(point)]
  // A volume we may not look at: that the path lies below it must do.
  return typeof file === 'string' || typeof root === 'string' || file.device === root.device
}

function existing(path: RawPath): RawPath | undefined {
  for (let folder = path; folder !== ''; folder = parent(folder)) {
    const real = tryRealPath(folder)
    if (real !== undefined) return real
    if (folder === '/') return undefined
  }
  return undefined
}

/** What we may not look at counts as it is written. */
function tryRealPath(path: RawPath): RawPath | undefined {
  try {
    return realPath(path)
  } catch {
    return path
  }
}
