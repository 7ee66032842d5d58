import { literal } from '../lbackup/configuration.js'
import { readSections } from '../lbackup/sections.js'
import { checkStore, rememberedStore, storeFolder } from '../lbackup/store.js'
import { lookAt, realPath } from '../system/file.js'
import { probeVolume } from '../system/volume-probe.js'
import { withoutTrailingSlash } from '../text/raw-path.js'
import { destinationMissing, holeFindings, storeFindings, volumeFindings } from './destination.js'
import type { DoctorFinding } from './found.js'
import type { Patient } from './patient.js'

/** Look at the backup disk: whether it is the one we know, what its volume can do, and whether the set is whole. */
export function destinationLook({ setup, stateFolder }: Patient): DoctorFinding[] {
  const backupDest = withoutTrailingSlash(literal(setup.configuration, 'backupDest'))
  const real = realPath(backupDest)
  if (real === undefined) return [destinationMissing(backupDest)]
  const ours = storeFolder(real)
  return [
    ...storeFindings(backupDest, checkStore(backupDest, rememberedStore(stateFolder), { make: false }), stateFolder),
    ...holeFindings(readSections(backupDest).holes),
    ...volumeFindings(backupDest, probeVolume(lookAt(ours)?.isDirectory() === true ? ours : real)),
  ]
}
