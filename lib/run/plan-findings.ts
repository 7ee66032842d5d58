import type { ReportedFinding } from '../generated/report.js'
import type { AdministratorLook } from '../link/proof.js'
import { list } from '../text/measure.js'
import { printable } from '../text/printable.js'
import type { Observation } from './observed.js'
import { fewerImages, noteFindings } from './search-findings.js'
import type { PlanRequest } from './plan-type.js'
import { liesIn } from './wishes.js'

/** Given what was observed, return what the administrator must know of the run as a whole. */
export function planFindings(
  request: Pick<PlanRequest, 'slots' | 'config'>,
  observation: Observation,
  administrator: AdministratorLook | undefined,
): ReportedFinding[] {
  const found = new Set(observation.images.map(({ image }) => image.slot))
  return [
    ...noteFindings(observation.discovery),
    ...observation.problems.map((message) => ({ code: 'look-incomplete', severity: 'warning' as const, message })),
    ...fewerImages(found, request.slots, request.config.search.mayBeEmpty),
    ...homesWithoutImage(observation),
    ...partlyExcluded(administrator),
  ]
}

function homesWithoutImage({ accounts, images }: Observation): ReportedFinding[] {
  return accounts
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

/** An image whose members are left out one by one looks backed up and cannot be opened. */
function partlyExcluded(administrator: AdministratorLook | undefined): ReportedFinding[] {
  return [...(administrator?.images ?? [])]
    .filter(([, { whole }]) => !whole)
    .map(([path, { members }]) => ({
      code: 'members-excluded',
      severity: 'warning',
      message:
        `LBackup's excludes file leaves ${list(members.map(printable))} out of the image ${printable(path)}; ` +
        `such a copy cannot be opened.`,
      cure: 'Change that line of the excludes file so that it does not match inside the image.',
    }))
}
