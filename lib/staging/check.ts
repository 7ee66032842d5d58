import type { Structure } from '../image/structure-type.js'
import { fromPrintable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import type { Applied, StagingSite } from './apply.js'
import { note } from './book.js'
import { isOf } from './plan.js'
import { putInPlace } from './put.js'
import { dropEntry } from './remove.js'
import type { Stage, StagedImage, StageRequest, StagingSubject } from './stage-type.js'
import type { StagedEntry } from './staging-type.js'

const cameIntoUse = 'it came into use, or changed, while it was frozen'

/**
 * Given what was made in the work folder and the trusted entries that stood before, look at each image a second time, as it
 * lies and as it was made. What is right takes its place; where it is not, the image stands as it was frozen before, if it
 * was. Why is told in `refused`.
 */
export async function checkStaged(
  request: StageRequest,
  site: StagingSite,
  { made, refused }: Applied,
  before: readonly StagedEntry[],
): Promise<Stage> {
  const fresh = request.images.filter(({ slot }) => made.has(slot) && !refused.has(slot))
  const entries = fresh.map(({ slot }) => made.get(slot) as StagedEntry)
  // First what may change, then what cannot.
  const lives = await request.look(fresh.map(({ path, container, atRest }) => ({ path, container, inUse: !atRest })))
  const quiet = await request.atRest(fresh.filter(({ atRest }) => atRest))
  const structures = await request.look(entries.map((entry) => lookOrder(site.work.path, entry)))
  const images = new Map<string, StagedImage>()
  for (const [at, image] of fresh.entries()) {
    const [entry, live, structure] = [entries[at] as StagedEntry, lives[at] as Structure, structures[at] as Structure]
    const old = before.find(({ name }) => name === image.slot)
    const why = whyNotWhole(live, image.live, structure)
    const atRest = isAtRest(image, entry, live, quiet)
    // What is of no one moment is no better than what was frozen at rest.
    const isWorse = image.atRest && !atRest && (request.run === null || (old !== undefined && isOf(old, image)))
    if (why !== undefined) refused.set(image.slot, why)
    if (isWorse && request.run === null) refused.set(image.slot, cameIntoUse)
    if (why !== undefined || isWorse) continue
    const whole = finished(entry, structure, atRest, { kept: old?.kept === true || request.run === null })
    putInPlace(site, whole)
    images.set(image.slot, {
      entry: whole,
      place: placeOf(site.staging.path, whole),
      structure,
      asFrozen: false,
      atRest,
    })
  }
  await addStanding(request, site, images, before)
  return { images, refused }
}

/** What stands there and is as it was frozen; what else is there of these images must not be found. */
async function addStanding(
  request: StageRequest,
  site: StagingSite,
  images: Map<string, StagedImage>,
  before: readonly StagedEntry[],
): Promise<void> {
  const { system, stateFolder, staging } = site
  const others = request.images.filter(({ slot }) => !images.has(slot))
  const standing = before.filter((entry) => {
    const image = others.find(({ slot }) => slot === entry.name)
    return image === undefined ? request.asFrozen.has(entry.name) && entry.standing : isOf(entry, image)
  })
  const structures = await request.look(standing.map((entry) => lookOrder(staging.path, entry)))
  for (const [at, entry] of standing.entries()) {
    const image = others.find(({ slot }) => slot === entry.name)
    const asFrozen = image?.atRest !== true || image.live !== entry.live
    const structure = structures[at] as Structure
    if (request.run === null && !entry.kept) note(site, { ...entry, kept: true })
    images.set(entry.name, { entry, place: placeOf(staging.path, entry), structure, asFrozen, atRest: true })
  }
  const left = others.filter(({ slot }) => !images.has(slot))
  for (const { slot } of left) await dropEntry(system, stateFolder, staging, slot)
}

const placeOf = (folder: RawPath, { name, image }: StagedEntry): RawPath =>
  join(folder, name, fromPrintable(image ?? ''))

const lookOrder = (folder: RawPath, entry: StagedEntry) => ({
  path: placeOf(folder, entry),
  container: entry.container ?? ('sparse-bundle' as const),
  inUse: false,
  // Two names of one file are its making here.
  copy: entry.kind === 'hard-link',
})

/** Nothing used it before or after, and it did not change meanwhile; a second name alone shows as a change. */
const isAtRest = (image: StagingSubject, { kind }: StagedEntry, live: Structure, quiet: ReadonlySet<string>): boolean =>
  image.atRest && quiet.has(image.slot) && (kind === 'hard-link' || live.fingerprint === image.live)

function finished(
  entry: StagedEntry,
  { fingerprint }: Structure,
  atRest: boolean,
  { kept }: Pick<StagedEntry, 'kept'>,
): StagedEntry {
  // What has the very files of the image is frozen no longer than they stand still.
  const frozen = atRest && entry.kind !== 'hard-link'
  const whole = { ...entry, standing: true, staged: fingerprint }
  return frozen ? { ...whole, kept, atRestSince: entry.takenAt } : whole
}

/**
 * Given the held staging folder and what is noted of it, return the entries, of which only those still stand that are
 * what they were when they were frozen.
 */
export async function trustedEntries(
  request: StageRequest,
  staging: RawPath,
  entries: readonly StagedEntry[],
): Promise<readonly StagedEntry[]> {
  const asked = new Set([...request.asFrozen, ...request.images.map(({ slot }) => slot)])
  const frozen = entries.filter(({ name, standing, staged }) => {
    // Nobody relies on what is merely spared.
    return standing && staged !== undefined && (request.spare !== 'all' || asked.has(name))
  })
  const structures = await request.look(frozen.map((entry) => lookOrder(staging, entry)))
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
