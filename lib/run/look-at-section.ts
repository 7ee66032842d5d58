import type { Discovery, SearchOptions } from '../discover/discovery.js'
import type { RunImage, RunRecord } from '../generated/run.js'
import type { Structure } from '../image/structure-type.js'
import { pathInSection } from '../lbackup/path-mapping.js'
import type { Section } from '../lbackup/sections.js'
import { fromPrintable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { isFrozen, readPath, sourceOf } from './recorded.js'
import type { Work } from './work.js'

/** One image of the plan that was to be copied, with what it and its copy look like after the run. */
export interface LookedAt {
  readonly image: RunImage
  /** Where the copy is, or belongs. */
  readonly place: RawPath
  readonly source: Structure
  readonly copy: Structure
  /** The image lies on this machine. */
  readonly here: boolean
  /** What was seen to happen to the image while rsync ran, half a sentence. */
  readonly seen?: string
}

/** Everything in a section that is judged, before any byte was compared. */
export interface SectionLook {
  readonly section: Section
  readonly record: RunRecord
  readonly copies: readonly LookedAt[]
  readonly discovery: Discovery
  /** By path, each image in the section. */
  readonly structures: ReadonlyMap<RawPath, Structure>
}

/** Ways to look at files here and at the images of the source, and by slot what was seen while rsync ran. */
interface Looking {
  readonly here: Work
  readonly there: Pick<Work, 'look'>
  readonly seen: ReadonlyMap<string, string>
}

/**
 * Given the record of a run, the section it made and ways to look at files here and at the images of the source, look at
 * the sources and their copies again, without reading bands.
 */
export async function lookAtSection(
  record: RunRecord,
  section: Section,
  { here: work, there, seen }: Looking,
): Promise<SectionLook> {
  const copied = record.images.filter(isCopied)
  const sources = await there.look(
    copied.map((image) => ({
      path: readPath(image),
      container: image.container,
      inUse: !isFrozen(image) && image.usage.state !== 'detached',
      copy: image.staged?.kind === 'hard-link',
    })),
  )
  const { discovery, looks } = await work.search(searchOf(section, record))
  const structures = new Map(discovery.images.map((image, index) => [image.path, looks[index] as Structure]))
  // What the search did not find is looked at all the same: the look tells why.
  const sought = copied.filter((image) => !structures.has(placeIn(section, image)))
  const others = await work.look(
    sought.map((image) => ({ path: placeIn(section, image), container: image.container, inUse: false, copy: true })),
  )
  sought.forEach((image, index) => structures.set(placeIn(section, image), others[index] as Structure))
  const copies = copied.map((image, index) => {
    const place = placeIn(section, image)
    const looks = { source: sources[index] as Structure, copy: structures.get(place) as Structure }
    const words = seen.get(image.slot)
    return { image, place, ...looks, here: !record.useSSH, ...(words === undefined ? {} : { seen: words }) }
  })
  return { section, record, copies, discovery, structures }
}

/** Given a section and an image of the plan, return where its copy belongs. A source that is one file becomes the section itself. */
export const placeIn = ({ path, kind }: Pick<Section, 'path' | 'kind'>, { copyPath }: RunImage): RawPath =>
  kind === 'folder' ? join(path, fromPrintable(copyPath ?? '')) : path

/** The copy is searched without mercy: it holds what users wrote, links and all, and no mounts. */
const searchOf = ({ path, kind }: Section, record: RunRecord): SearchOptions => ({
  roots: [path],
  // Slots are relative to the source, so that a copy has the slot of its image.
  source: pathInSection(sourceOf(record), fromPrintable(record.source), path, kind) ?? path,
  never: [join(path, '.lbackup-filevault')],
  slotFolders: record.images.some(({ staged }) => staged !== undefined),
  everyFile: record.everyFile,
  knownPaths: record.images.filter(isCopied).map((image) => placeIn({ path, kind }, image)),
  maxDepth: 4096,
  maxEntries: Number.MAX_SAFE_INTEGER,
  crossDevices: false,
})

const isCopied = ({ decision: { action }, copyPath }: RunImage): boolean =>
  copyPath !== null && (action === 'copy' || action === 'copy-and-prove')
