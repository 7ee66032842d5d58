import type { CopyLabel } from '../generated/copy.js'
import { OperationalError } from '../finding/operational-error.js'
import type { Structure } from '../image/structure-type.js'
import { keptFolder } from '../keep/store-layout.js'
import { lookAtStructure } from '../look/structure.js'
import { placeName } from '../keep/vouch.js'
import { lookAt } from '../system/file.js'
import { entries, withFolder, type Entry } from '../system/folder.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import type { ListedCopy } from './listed-copy.js'

const slotName = /^[a-z0-9-]{1,64}$/
const generationName = /^[0-9A-Za-z-]{1,80}$/

/** Given the name of a folder in kept/SLOT, tell whether it holds what was set aside or recovered; undefined: neither. */
export function asideKind(generation: string): ListedCopy['aside'] {
  if (/^set-aside(-|$)/.test(generation)) return 'set-aside'
  return generation.startsWith('recovered-') ? 'recovered' : undefined
}

/**
 * Given LBackup's backupDest and the copies that are known otherwise, return what the store holds besides: bad copies that
 * were set aside, and images that an interrupted run had moved away. What they are is told by a look at them; the names of
 * the slot's other copies are taken over. Nothing vouches for any.
 */
export function asideCopies(backupDest: RawPath, known: readonly ListedCopy[]): ListedCopy[] {
  const kept = keptFolder(backupDest)
  return folders(kept).flatMap((slot) => {
    if (!slotName.test(slot)) return []
    const like = known.find(({ known: { label } }) => label.slot === slot)?.known.label
    return folders(join(kept, slot)).flatMap((generation) => {
      const aside = generationName.test(generation) ? asideKind(generation) : undefined
      if (aside === undefined) return []
      const folder = join(kept, slot, generation)
      return imagesIn(folder, slot).map((entry) => copyOf(folder, entry, { slot, generation, aside, like }))
    })
  })
}

interface Place {
  readonly slot: string
  readonly generation: string
  readonly aside: NonNullable<ListedCopy['aside']>
  readonly like: CopyLabel | undefined
}

function copyOf(folder: RawPath, entry: Entry, { slot, generation, aside, like }: Place): ListedCopy {
  const name = entry.name as RawPath
  const image = join(folder, name)
  const container = entry.isDirectory() ? 'sparse-bundle' : 'sparse-image'
  const structure = lookAtStructure({ path: image, container }, { inUse: false, linksAreNews: false })
  const isLike = like !== undefined && printable(name) === like.path.slice(like.path.lastIndexOf('/') + 1)
  const stats = lookAt(image)
  const label: CopyLabel = {
    schema: 'copy/1',
    slot,
    run: 'adopted',
    madeAt: new Date(newestChange(structure, stats?.mtimeMs ?? 0)).toISOString(),
    verdict: aside === 'set-aside' ? 'bad' : 'suspect',
    reason: aside === 'set-aside' ? 'it was set aside' : 'an interrupted run had moved it away; nothing vouches for it',
    identity: null,
    user: like?.user ?? String(stats?.uid ?? 0),
    ownerUid: stats?.uid ?? 0,
    path: isLike ? like.path : printable(name),
    copyPath: '',
    container,
    bytes: structure.counts.bytes,
    members: structure.counts.members,
    older: false,
    manifest: null,
  }
  const known = { label, place: { generation } }
  return { known, image, manifestFolder: folder, vouched: false, placeName: placeName({ known }), aside }
}

/** The label beside it, where there is one, is of the copy that came into its place. A user may have set any time. */
function newestChange({ newestChange: newest }: Structure, modified: number): number {
  const time = newest > 0 ? newest : modified
  return Math.min(Math.max(0, time), 8.64e15)
}

function imagesIn(folder: RawPath, slot: string): Entry[] {
  const ours = ['json', 'jsonl', 'mtree'].map((suffix) => `${slot}.${suffix}`)
  return entriesIn(folder).filter((entry) => (entry.isDirectory() || entry.isFile()) && !ours.includes(entry.name))
}

const folders = (path: RawPath): RawPath[] =>
  entriesIn(path).flatMap((entry) => (entry.isDirectory() ? [entry.name as RawPath] : []))

function entriesIn(path: RawPath): Entry[] {
  try {
    return withFolder(path, entries)
  } catch (error) {
    if (error instanceof OperationalError) return []
    throw error
  }
}
