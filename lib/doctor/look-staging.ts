import { OperationalError } from '../finding/operational-error.js'
import type { BackupSource } from '../lbackup/backup-source.js'
import { lockHolder } from '../lbackup/lock.js'
import type { Observed } from '../run/observed.js'
import { abilitiesOf, bindable } from '../staging/abilities.js'
import { readStaging } from '../staging/book.js'
import { lookIntoStaging, withWorkFolder } from '../staging/folder.js'
import { betweenRuns } from '../staging/freezing-lock.js'
import type { Abilities } from '../staging/staging-type.js'
import { lookAt } from '../system/file.js'
import { closeFolder, type Folder } from '../system/folder.js'
import { volumeOf } from '../system/volume.js'
import { list, size } from '../text/measure.js'
import { fromPrintable, printable } from '../text/printable.js'
import { found, type DoctorFinding } from './found.js'
import type { Patient } from './patient.js'

/**
 * Given the patient, backupSource and the images, tell whether it can serve as the staging folder, how each image would
 * stand there and in whose quota. A folder is made in it for that and removed again, unless a run or the daemon is at
 * work there.
 */
export async function stagingLook(
  patient: Patient,
  source: BackupSource,
  images: readonly Observed[],
): Promise<DoctorFinding[]> {
  const { loaded, stateFolder, system } = patient
  const { mode, folders, hardLinks, reservePercent } = loaded.config.source
  if (mode !== 'staging') return []
  const unshown = folders.flatMap((folder) => {
    const can = bindable(system, fromPrintable(folder))
    if (can === true) return []
    const message = `${folder} cannot be shown in the staging folder: ${can}.`
    return [found('staging-unusable', 'error', message, 'Correct source.folders in filevault.json.')]
  })
  let staging: Folder
  try {
    staging = lookIntoStaging(source.path, readStaging(stateFolder))
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return [...unshown, found('staging-unusable', 'error', error.message, error.cure)]
  }
  try {
    const { free, total } = volumeOf(staging)
    const reserve = (total * reservePercent) / 100
    const room = `${size(free)} are free on the volume of the staging folder, and source.reservePercent wants ${size(reserve)}.`
    const short = free < reserve ? [found('staging-unusable', 'error', room, 'Free some space there.')] : []
    const abilities = await alone(patient, () =>
      withWorkFolder(staging, (work) =>
        Promise.resolve(images.map(({ image }) => abilitiesOf(system, work, image, hardLinks))),
      ),
    )
    if (abilities === undefined) return [...unshown, ...short]
    return [
      ...unshown,
      ...short,
      ...images.flatMap((item, at) => stageable(item, abilities[at] as Abilities)),
      ...quota(images),
    ]
  } finally {
    closeFolder(staging)
  }
}

/** What a run or the daemon makes in the staging folder just now is not taken from it; undefined: one of them does. */
async function alone<Result>(
  { system, stateFolder }: Patient,
  look: () => Promise<Result>,
): Promise<Result | undefined> {
  // Where nothing of ours is known yet, nobody is at work.
  if (lookAt(stateFolder) === undefined) return look()
  if (lockHolder(stateFolder) !== undefined) return undefined
  try {
    return await betweenRuns(system, stateFolder, look)
  } catch (error) {
    if (!(error instanceof OperationalError) || error.code !== 'run-in-progress') throw error
    return undefined
  }
}

function stageable({ image }: Observed, can: Abilities): DoctorFinding[] {
  const why = [can.clone, can.snapshot, can.hardLink].filter((one) => one !== true)
  const atRest = [can.clone, can.snapshot, can.hardLink].includes(true)
  if (atRest) return []
  const message = `${printable(image.path)} cannot stand in the staging folder, so that it is not backed up: ${[...new Set(why)].join('; ')}.`
  return [
    found(
      'image-unstageable',
      'error',
      message,
      'Put the staging folder on the same volume, one that can clone, or set source.mode to in-place.',
    ),
  ]
}

function quota(images: readonly Observed[]): DoctorFinding[] {
  if (images.length === 0) return []
  const shares = list(images.map(({ user, structure }) => `${size(structure.counts.bytes)} for ${user}`))
  const message = `Where the volume of the staging folder has quotas, what is frozen counts for its owners as long as it stands: ${shares}.`
  return [found('staging-quota', 'info', message, 'Leave so much in their quotas.')]
}
