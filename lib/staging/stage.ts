import { OperationalError } from '../finding/operational-error.js'
import { pause } from '../system/clock.js'
import { closeFolder, look, type Folder } from '../system/folder.js'
import { volumeOf } from '../system/volume.js'
import { size } from '../text/measure.js'
import { fromPrintable, printable } from '../text/printable.js'
import { baseName, isWithin, type RawPath } from '../text/raw-path.js'
import { abilitiesOf, bindable } from './abilities.js'
import { applyStaging, type StagingSite } from './apply.js'
import { noteMade, noteMaking, readStaging, turnTo, writeStaging } from './book.js'
import { checkStaged, trustedEntries } from './check.js'
import { openStaging, withWorkFolder } from './folder.js'
import { planStaging } from './plan.js'
import { clearUnfinished, endStaging } from './remove.js'
import type { Stage, StageRequest } from './stage-type.js'
import type { StagedEntry, Step } from './staging-type.js'

/**
 * Given what is wanted of the staging folder, make it so and look twice: an image that nothing used before and after it
 * was frozen, and that did not change meanwhile, is at rest since then. Throws OperationalError where the folder itself
 * cannot be used or has too little room; what this request put there is gone again then.
 */
export async function stage(request: StageRequest): Promise<Stage> {
  refusePlace(request)
  const book = readStaging(request.stateFolder)
  if (book !== undefined && fromPrintable(book.folder) !== request.path)
    await endStaging(request.system, request.stateFolder, { keep: false })
  const staging = openStaging(request.path, readStaging(request.stateFolder))
  try {
    return await stageIn(request, staging)
  } catch (error) {
    if (request.run !== null) await endStaging(request.system, request.stateFolder).catch(() => undefined)
    throw error
  } finally {
    closeFolder(staging)
  }
}

async function stageIn(request: StageRequest, staging: Folder): Promise<Stage> {
  const { system, stateFolder, run, deadline } = request
  noteMaking(stateFolder, staging, run)
  await clearUnfinished(system, staging)
  const made = await withWorkFolder(staging, async (work) => {
    const site: StagingSite = { system, stateFolder, staging, work, run, deadline }
    const actual = await trustedEntries(request, staging.path, forgetGone(stateFolder, staging))
    const images = request.images.map((image) => ({
      ...image,
      can: abilitiesOf(system, work, image, request.hardLinks),
    }))
    const folders = request.folders.map((path) => ({ path, name: baseName(path), can: bindable(system, path) }))
    const plan = planStaging({ images, folders, asFrozen: request.asFrozen, spare: request.spare }, actual)
    // What goes may be what fills the disk.
    await applyStaging(site, { steps: plan.steps.filter((step) => step.do === 'remove') })
    const steps = plan.steps.filter((step) => step.do !== 'remove')
    const before = await withRoom(site, request.reservePercent, steps, actual)
    const { made, refused: odd } = await applyStaging(site, { steps })
    const lost = [...request.asFrozen].filter((slot) => !actual.some(({ name, standing }) => name === slot && standing))
    const refused = new Map([...plan.refused, ...odd, ...lost.map((slot) => [slot, notAsFrozen] as const)])
    demandFolders(request, refused)
    return checkStaged(request, site, { made, refused }, before)
  })
  noteMade(stateFolder, staging)
  return made
}

const notAsFrozen = 'what was frozen of it is gone, or not any more what it was'

/** Of what is not there any more nothing needs to be removed. */
function forgetGone(stateFolder: RawPath, staging: Folder): readonly StagedEntry[] {
  const book = turnTo(stateFolder, staging)
  const entries = book.entries.filter(({ name }) => look(staging, fromPrintable(name)) !== undefined)
  if (entries.length < book.entries.length) writeStaging(stateFolder, { ...book, entries })
  return entries
}

/**
 * Given a site, steps and what stands there, see that there is room for them, and return what stands then: where there is
 * none for both, what is to be frozen anew goes before a run is halted. Throws OperationalError.
 */
async function withRoom(
  site: StagingSite,
  percent: number,
  steps: readonly Step[],
  actual: readonly StagedEntry[],
): Promise<readonly StagedEntry[]> {
  const making = steps.flatMap((step) =>
    step.do === 'take' ? [step.making] : step.do === 'snapshot' ? step.making : [],
  )
  if (making.length === 0) return actual
  // Nothing can be cloned out of a snapshot of APFS.
  const copied = making.filter(({ kind }) => kind === 'snapshot' && site.system.platform === 'macos')
  const bytes = copied.reduce((sum, { image }) => sum + image.bytes, 0)
  const old = new Set(making.map(({ image }) => image.slot))
  const lack = await lackOfRoom(site.staging, percent, bytes)
  if (lack === undefined) return actual
  if (site.run === null || !actual.some(({ name }) => old.has(name))) throw lack
  await applyStaging(site, { steps: [...old].map((name) => ({ do: 'remove', name })) })
  const still = await lackOfRoom(site.staging, percent, bytes)
  if (still !== undefined) throw still
  return actual.filter(({ name }) => !old.has(name))
}

/** xfs and btrfs give the room of what was removed back a moment later. */
const roomLooks = 30
const betweenLooks = 0.1

async function lackOfRoom(staging: Folder, percent: number, bytes: number): Promise<OperationalError | undefined> {
  const { total } = volumeOf(staging)
  const wanted = (total * percent) / 100 + bytes
  let { free } = volumeOf(staging)
  for (let looks = 1; free < wanted && looks < roomLooks; looks += 1) {
    await pause(betweenLooks)
    ;({ free } = volumeOf(staging))
  }
  if (free >= wanted) return undefined
  return new OperationalError(
    'staging-no-room',
    `The volume of the staging folder ${printable(staging.path)} has ${size(free)} left, and ${size(wanted)} must be free there.`,
    'Free some space there, or lower source.reservePercent in filevault.json.',
  )
}

/** A folder that is not shown would vanish from the backup without a word. */
function demandFolders({ folders }: StageRequest, refused: ReadonlyMap<string, string>): void {
  for (const path of folders) {
    const why = refused.get(printable(baseName(path)))
    if (why !== undefined)
      throw new OperationalError(
        'staging-unbound',
        `${printable(path)} cannot be shown in the staging folder: ${why}.`,
        'Correct source.folders in filevault.json.',
      )
  }
}

/** Neither may hold the other: a backup of the backup would grow without end. */
function refusePlace({ path, apart, folders }: StageRequest): void {
  const near = [...apart, ...folders].find((other) => isWithin(path, other) || isWithin(other, path))
  if (near === undefined) return
  throw new OperationalError(
    'staging-refused',
    `The staging folder ${printable(path)} lies in ${printable(near)}, or holds it.`,
    'Make a folder of its own for it, and name that as backupSource.',
  )
}
