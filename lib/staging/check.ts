import type { Structure } from '../image/structure-type.js'
import type { Folder } from '../system/folder.js'
import { fromPrintable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { readStaging, withEntry, writeStaging } from './book.js'
import { dropEntry } from './remove.js'
import type { Stage, StagedImage, StageRequest, StagingSubject } from './stage-type.js'
import type { StagedEntry } from './staging-type.js'

/**
 * Given the held staging folder in which everything was made, look at each image a second time, there and in the folder.
 * What is right is noted as standing; what is not is removed, and told in `refused`.
 */
export async function checkStaged(
  request: StageRequest,
  staging: Folder,
  refused: Map<string, string>,
): Promise<Stage> {
  const { stateFolder, system } = request
  const entries = (readStaging(stateFolder)?.entries ?? []).filter(({ name, image }) => {
    return image !== undefined && (request.asFrozen.has(name) || request.images.some(({ slot }) => slot === name))
  })
  const subjects = entries.map(({ name }) => request.images.find(({ slot }) => slot === name))
  const fresh = subjects.flatMap((image, at) => (image === undefined || entries[at]?.standing === true ? [] : [image]))
  // First what may change, then what cannot.
  const lives = await request.look(fresh.map(({ path, container, atRest }) => ({ path, container, inUse: !atRest })))
  const quiet = await request.atRest(fresh.filter(({ atRest }) => atRest))
  const structures = await request.look(entries.map((entry) => lookOrder(staging.path, entry)))
  const images = new Map<string, StagedImage>()
  for (const [at, entry] of entries.entries()) {
    const [image, structure] = [subjects[at], structures[at] as Structure]
    const live = image && lives[fresh.indexOf(image)]
    const place = placeOf(staging.path, entry)
    const why = live === undefined ? undefined : whyNotWhole(live, image?.live, structure)
    const book = readStaging(stateFolder)
    if (book === undefined) throw new Error('the book of the staging folder is gone')
    if (why !== undefined) {
      refused.set(entry.name, why)
      await dropEntry(system, stateFolder, staging, entry.name)
      continue
    }
    const atRest = live === undefined || isAtRest(image, entry, live, quiet)
    const whole = live === undefined ? entry : finished(entry, structure, atRest)
    const noted = { ...whole, kept: whole.kept || request.run === null }
    writeStaging(stateFolder, withEntry(book, noted))
    images.set(entry.name, { entry: noted, place, structure, asFrozen: request.asFrozen.has(entry.name), atRest })
  }
  return { images, refused }
}

const placeOf = (staging: RawPath, { name, image }: StagedEntry): RawPath =>
  join(staging, name, fromPrintable(image ?? ''))

const lookOrder = (staging: RawPath, entry: StagedEntry) => ({
  path: placeOf(staging, entry),
  container: entry.container ?? ('sparse-bundle' as const),
  inUse: false,
  // Two names of one file are its making here.
  copy: entry.kind === 'hard-link',
})

/** Nothing used it before or after, and it did not change meanwhile; a second name alone shows as a change. */
const isAtRest = (
  image: StagingSubject | undefined,
  { kind }: StagedEntry,
  live: Structure,
  quiet: ReadonlySet<string>,
): boolean =>
  image?.atRest === true && quiet.has(image.slot) && (kind === 'hard-link' || live.fingerprint === image.live)

function finished(entry: StagedEntry, { fingerprint }: Structure, atRest: boolean): StagedEntry {
  // What has the very files of the image is frozen no longer than they stand still.
  const frozen = atRest && entry.kind !== 'hard-link'
  return { ...entry, standing: true, staged: fingerprint, ...(frozen ? { atRestSince: entry.takenAt } : {}) }
}

/**
 * Given the held staging folder and what is noted of it, return the entries, of which only those still stand that are
 * what they were when they were frozen.
 */
export async function trustedEntries(
  { look }: Pick<StageRequest, 'look'>,
  staging: Folder,
  entries: readonly StagedEntry[],
): Promise<readonly StagedEntry[]> {
  const frozen = entries.filter(({ standing, staged }) => standing && staged !== undefined)
  const structures = await look(frozen.map((entry) => lookOrder(staging.path, entry)))
  const changed = frozen.filter(({ staged }, at) => structures[at]?.fingerprint !== staged)
  return entries.map((entry) => (changed.includes(entry) ? { ...entry, standing: false } : entry))
}

/** An error that the image itself has is its own; the copies of a damaged image are as damaged. */
function whyNotWhole(live: Structure, before: string | undefined, staged: Structure): string | undefined {
  // A band that is not there reads as zeros, and is no error.
  if (live.fingerprint === before && staged.counts.bands !== live.counts.bands) {
    return 'it could not be frozen whole: bands of it are missing'
  }
  const known = new Set(live.findings.map(({ code, member }) => `${code} ${member ?? ''}`))
  const news = staged.findings.find(({ code, member, severity }) => {
    return severity === 'error' && !known.has(`${code} ${member ?? ''}`)
  })
  return news && `it could not be frozen whole: ${news.message.replace(/\.$/, '')}`
}
