import { OperationalError } from '../finding/operational-error.js'
import { lookAt } from '../system/file.js'
import type { Stats } from '../system/folder-looks.js'
import { join, type RawPath } from '../text/raw-path.js'
import type { WatchedImage } from './order.js'

/** What one quick look shows of an image: at which of its places it lies, and the state of the members that tell of its use. */
export interface Glance {
  /** undefined: at none. */
  readonly place: number | undefined
  /** By name, one text that changes with the member. */
  readonly members: ReadonlyMap<string, string>
}

// They change when an image is attached, grows, or is made anew; the bands themselves are compared after the copy.
const telling = ['Info.plist', 'Info.bckup', 'token', 'lock', 'bands', 'mapped']

/** Given an image, look for it at its places. No link is followed; what cannot be looked at is not there. */
export function glanceAt({ places, container, device, inode }: WatchedImage): Glance {
  const lies = (path: RawPath): boolean => {
    const stats = statsOf(path)
    return stats?.dev === device && stats.ino === inode
  }
  const place = places.findIndex(lies)
  if (place < 0) return nowhere
  const path = places[place] as RawPath
  const names = container === 'sparse-image' ? [''] : telling
  const members = new Map(names.map((name) => [name, stateOf(name === '' ? path : join(path, name))]))
  // Where it left in the middle of the look, what is missing did not change.
  return lies(path) ? { place, members } : nowhere
}

const nowhere: Glance = { place: undefined, members: new Map() }

const stateOf = (path: RawPath): string => {
  const stats = statsOf(path)
  return stats === undefined ? 'missing' : `${String(stats.ino)} ${String(stats.size)} ${String(stats.mtimeMs)}`
}

function statsOf(path: RawPath): Stats | undefined {
  try {
    return lookAt(path)
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}
