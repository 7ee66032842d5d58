import { bandName } from '../image/band-names.js'
import type { RawPath } from '../text/raw-path.js'
import type { Happened } from './events.js'
import type { Glance } from './glance.js'
import type { WatchedImage } from './order.js'

/** How the members of images are seen. */
export interface SliceEyes {
  /** The numbers of the bands that are there now; none where they cannot be listed. */
  bands(path: RawPath): Float64Array
  /** The ctime of each of these bands, microseconds since 1970, -1 where it is not there; undefined: cannot be told. */
  bandTimes(path: RawPath, indexes: Float64Array): Float64Array | undefined
}

interface Followed {
  readonly image: WatchedImage
  readonly indexes: Float64Array
  /** The ctime of each when it was seen last; 0: not yet. */
  readonly times: Float64Array
}

/** Bands named in one line. */
const mostNamed = 3

/** Looks at a few bands of all images at a time, round and round. */
export interface Slice {
  /** Given a glance at each image, looks at so many bands more of those that are at one of their places, and tells which changed since their last look. */
  next(most: number, glances: readonly Pick<Glance, 'place'>[]): Happened[]
}

/** Given images, follow their bands. A first look at each band is no news. Takes 16 bytes for each band. */
export function slice(images: readonly WatchedImage[], eyes: SliceEyes): Slice {
  const followed = images.map((image): Followed => {
    const indexes = image.container === 'sparse-bundle' ? eyes.bands(image.places[0] as RawPath) : new Float64Array(0)
    return { image, indexes, times: new Float64Array(indexes.length) }
  })
  let [at, row] = [0, 0]
  return {
    next(most, glances) {
      const told: Happened[] = []
      let left = most
      for (let turns = followed.length; turns > 0 && left > 0; turns -= 1) {
        const one = followed[at] as Followed
        const place = glances[at]?.place
        const end = place === undefined ? one.indexes.length : Math.min(row + left, one.indexes.length)
        if (place !== undefined && end > row) {
          const path = one.image.places[place] as RawPath
          told.push(...changes(one, row, eyes.bandTimes(path, one.indexes.subarray(row, end))))
          left -= end - row
        }
        const finished = end === one.indexes.length
        row = finished ? 0 : end
        if (finished) at = (at + 1) % followed.length
      }
      return told
    },
  }
}

function changes({ image, indexes, times }: Followed, from: number, seen: Float64Array | undefined): Happened[] {
  const changed: string[] = []
  seen?.forEach((after, at) => {
    const before = times[from + at] as number
    if (before !== 0 && before !== after) changed.push(`bands/${bandName(indexes[from + at] as number)}`)
    times[from + at] = after
  })
  if (changed.length === 0) return []
  const more = changed.length > mostNamed ? ` and ${String(changed.length - mostNamed)} more` : ''
  return [{ event: 'changed', slot: image.slot, detail: `${changed.slice(0, mostNamed).join(', ')}${more}` }]
}
