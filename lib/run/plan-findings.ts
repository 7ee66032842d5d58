import type { ReportedFinding } from '../generated/report.js'
import { printable } from '../text/printable.js'
import { isWithin } from '../text/raw-path.js'
import type { BackupSource } from '../lbackup/backup-source.js'
import { isGone } from './gone.js'
import type { Observation } from './observed.js'
import { fewerImages, noteFindings } from './search-findings.js'
import { originOf } from './origin.js'
import type { PlanRequest } from './plan-type.js'
import { liesIn } from './wishes.js'

/** Given what was observed, return what the administrator must know of the run as a whole. */
export function planFindings(
  request: Pick<PlanRequest, 'slots' | 'config' | 'source' | 'machine'>,
  observation: Observation,
): ReportedFinding[] {
  const origin = originOf(request.config, request.source)
  const found = new Set(observation.images.map(({ image }) => image.slot))
  return [
    ...noteFindings(observation.discovery),
    ...observation.problems.map((message) => ({ code: 'look-incomplete', severity: 'warning' as const, message })),
    ...fewerImages(
      found,
      request.slots,
      request.config.search.mayBeEmpty,
      (slot) => !request.machine.here || isGone(origin, slot),
    ),
    ...homesWithoutImage(observation, origin),
    ...homesLeftOut(observation, origin),
  ]
}

function homesWithoutImage({ accounts, images }: Observation, { path }: BackupSource): ReportedFinding[] {
  return accounts
    .filter(({ home }) => isWithin(home, path))
    .filter((account) => !images.some(({ image }) => liesIn(account, image.path)))
    .map(({ user, home, hiddenHome, imageName }) => ({
      code: 'home-image-missing',
      severity: 'warning',
      message:
        `The FileVault image ${printable(imageName)} of ${user} is neither in ${printable(home)} nor in ` +
        `${printable(hiddenHome)}; nothing of this home is backed up tonight.`,
      cure: 'Find the image; a forced logout or a power cut can leave it elsewhere.',
    }))
}

/** Said each night: whoever is taken for a FileVault user by mistake must not find out when he needs his files. */
function homesLeftOut({ accounts }: Observation, { path }: BackupSource): ReportedFinding[] {
  return accounts
    .filter(({ home }) => isWithin(home, path))
    .map(({ user, home, imageName }) => ({
      code: 'home-is-image',
      severity: 'info',
      message: `${printable(home)} is the FileVault home of ${user}: of it, only the image ${printable(imageName)} is backed up.`,
    }))
}
