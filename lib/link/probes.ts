import { isWithin, join, parent, relativeTo, type RawPath } from '../text/raw-path.js'
import type { ExcludesWish } from './excludes-type.js'
import { transferPath, type TransferRoot } from './pattern.js'
import { isWanted, placesOf, placesWithin, type Place } from './places.js'

/** One entry of the skeleton: a path on which rsync shows what the rules do. */
export interface Probe {
  /** As rsync sees it, with a leading slash. */
  readonly seen: RawPath
  /** In the source. */
  readonly path: RawPath
  readonly folder: boolean
  /** Whether the wishes want it copied. */
  readonly wanted: boolean
  /** The image it is, or is a member of. */
  readonly image?: RawPath
}

const folders = ['bands'] as const
const files = ['Info.plist', 'Info.bckup', 'token', 'bands/0', 'bands/a', 'bands/1f'] as const
/** A name nobody has, for files that no rule of ours speaks of. */
const bystander = 'lbackup-filevault-bystander'

/**
 * Given how rsync names the source and the wishes, return what to put into the skeleton: each image with its members,
 * homes and mount points with something in them, their neighbours, and names that a badly escaped pattern would match.
 * Both places of a FileVault image are there at once: rules must hold before and after a login.
 */
export function probesOf(root: TransferRoot, wishes: readonly ExcludesWish[]): Probe[] {
  const places = placesOf(wishes)
  const probes = new Map<RawPath, Probe>()
  const add = (path: RawPath, folder: boolean, image?: RawPath): void => {
    if (!isWithin(path, root.folder) || probes.has(path)) return
    const seen = transferPath(root, path)
    if (seen === '') return
    const wanted = isWanted(places, path)
    probes.set(path, { seen, path, folder, wanted, ...(image === undefined ? {} : { image }) })
  }
  const within = placesWithin(places, root.folder)
  for (const place of within) {
    if (place.what === 'image') addImage(place, add)
    else add(place.path, true)
  }
  for (const { path, what } of within) {
    if (what !== 'image') for (const name of [bystander, `${bystander}s/${bystander}`]) add(join(path, name), false)
    if (path === root.folder) continue
    add(join(parent(path), bystander), false)
    for (const twin of lookalikes(relativeTo(path, root.folder))) add(join(root.folder, twin), false)
  }
  const ours = '/.lbackup-filevault' as RawPath
  return [...probes.values(), { seen: ours, path: join(root.folder, ours.slice(1)), folder: true, wanted: false }]
}

function addImage(place: Place, add: (path: RawPath, folder: boolean, image: RawPath) => void): void {
  // Where it is not known which kind of image it is, a folder: one pattern matches both.
  add(place.path, place.folder !== false, place.path)
  if (place.folder === false) return
  for (const name of folders) add(join(place.path, name), true, place.path)
  for (const name of files) add(join(place.path, name), false, place.path)
}

/** Paths that differ from the given one only where a wildcard or a backslash, taken as such, would match. */
function lookalikes(below: RawPath): RawPath[] {
  const twins = [below.replace(/[*?[\r\n]/g, 'x'), below.replaceAll('\\', '')]
  const usable = (twin: string): boolean => twin.split('/').every((name) => !['', '.', '..'].includes(name))
  return twins.filter((twin) => twin !== below && usable(twin)) as RawPath[]
}
