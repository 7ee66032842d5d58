import { discover } from '../../../lib/discover/discover.js'
import type { Discovery, DiscoveryNote, SearchOptions } from '../../../lib/discover/discovery.js'
import { fromText } from '../../../lib/text/raw-path.js'

/** Given folders and what differs from the defaults, search them. */
export function search(roots: string | readonly string[], options: Partial<SearchOptions> = {}): Discovery {
  return discover({
    roots: [roots].flat().map((root) => fromText(root)),
    never: [],
    everyFile: false,
    knownPaths: [],
    maxDepth: 32,
    maxEntries: 1_000_000,
    crossDevices: false,
    ...options,
  })
}

/** The paths of the images found, below the root. */
export const pathsOf = ({ images }: Discovery): string[] => images.map(({ path, root }) => path.slice(root.length + 1))

/** The notes as `code path`, the path below the root. */
export const notesOf = ({ notes }: Discovery, root: string): string[] =>
  notes.map(({ code, path }) => `${code} ${path.slice(root.length + 1)}`)

/** Given a code, the notes that bear it. */
export const notesWith = ({ notes }: Discovery, code: DiscoveryNote['code']): DiscoveryNote[] =>
  notes.filter((note) => note.code === code)
