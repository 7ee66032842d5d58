import type { Discovery, SearchOptions } from '../discover/discovery.js'
import type { Image } from '../image/image.js'
import type { Structure } from '../image/structure-type.js'
import { fillDefaults } from '../config/defaults.js'
import type { CloseLook } from '../run/tasks.js'
import { workInThread } from '../run/work-in-thread.js'
import { lookAt, realPath } from '../system/file.js'
import { printable } from '../text/printable.js'
import { parent, type RawPath } from '../text/raw-path.js'

/** A search and what a first look at each image found. */
export interface Searched {
  readonly discovery: Discovery
  readonly looks: readonly Structure[]
}

/** Seconds for a search or a look that somebody waits for at a terminal. */
const patience = 24 * 3600

/** The jobs for verbs that have no settings of their own. */
export const patientWork = workInThread(patience)

/** Given folders, search all of them, other volumes below them included. */
export const searchFolders = (roots: readonly RawPath[]): Promise<Searched> =>
  patientWork.search({ ...searchDefaults(), roots })

/** An image, or why there is none at a path: `absent`, it may not be read, or something else stands there. */
export type Found<Look extends Structure = Structure> =
  | { readonly image: Image; readonly structure: Look }
  | { readonly image: undefined; readonly why: 'absent' | 'unreadable' | 'other'; readonly message: string }

/** Given the path of an image, look at it; links on the way are followed. */
export const imageAt = (path: RawPath): Promise<Found> => foundAt(path, (options) => patientWork.search(options))

/** As `imageAt`, with a list of its bands. */
export const imageCloselyAt = (path: RawPath): Promise<Found<CloseLook>> =>
  foundAt(path, (options) => patientWork.searchClosely(options))

async function foundAt<Look extends Structure>(
  path: RawPath,
  search: (options: SearchOptions) => Promise<{ discovery: Discovery; looks: readonly Look[] }>,
): Promise<Found<Look>> {
  const real = realPath(path)
  const stats = real === undefined ? undefined : lookAt(real)
  if (real === undefined || stats === undefined) {
    return { image: undefined, why: 'absent', message: `${printable(path)} is not there.` }
  }
  const folder = stats.isDirectory()
  // The search walks folders: a single file is found in its own, without going deeper.
  const options = folder
    ? { ...searchDefaults(), roots: [real], maxDepth: 1 }
    : { ...searchDefaults(), roots: [parent(real)], knownPaths: [real], maxDepth: 0 }
  const { discovery, looks } = await search(options)
  const index = discovery.images.findIndex((one) => one.path === real)
  const [image, structure] = [discovery.images[index], looks[index]]
  if (image !== undefined && structure !== undefined) return { image, structure }
  const note = discovery.notes.find((one) => one.path === real)
  if (note?.code === 'unreadable') {
    return { image: undefined, why: 'unreadable', message: `${note.message} Run as root.` }
  }
  return {
    image: undefined,
    why: 'other',
    message: note?.message ?? `${printable(real)} is no sparse bundle and no sparse image.`,
  }
}

function searchDefaults(): SearchOptions {
  const { maxDepth, maxEntries } = fillDefaults({}).config.search
  return { roots: [], never: [], everyFile: false, knownPaths: [], maxDepth, maxEntries, crossDevices: true }
}
