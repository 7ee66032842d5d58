import { OperationalError } from '../finding/operational-error.js'
import type { ReportedFinding } from '../generated/report.js'
import { placeName } from '../keep/vouch.js'
import { readSections, section } from '../lbackup/sections.js'
import { planSeeds, type Seed, type Wanted } from '../seed/plan.js'
import { putSeedIn } from '../seed/put-in.js'
import { takeSeedsOut } from '../seed/take-out.js'
import { printable } from '../text/printable.js'
import type { RunContext } from './context.js'
import { knownHistory, type BackupPlaces } from './history.js'
import type { Tonight } from './plan-type.js'

/** Given the plan of a run, return which copies are to be linked to where their images lie tonight. */
function plannedSeeds(places: BackupPlaces, { images, decided }: Pick<Tonight, 'images' | 'decided'>): Seed[] {
  const { copies } = knownHistory(places, readSections(places.environment.backupDest))
  return planSeeds(
    images.flatMap(({ image, copyPath }): Wanted[] => {
      const action = decided.get(image.path)?.action
      if (copyPath === undefined || (action !== 'copy' && action !== 'copy-and-prove')) return []
      const { slot, identity, ownerUid, container } = image
      return [{ slot, copyPath, identity, ownerUid, container }]
    }),
    copies,
  )
}

/** Given the plan of a run, say of which images it would link older copies. */
export const tellSeeds = (places: BackupPlaces, tonight: Pick<Tonight, 'images' | 'decided'>): ReportedFinding[] =>
  plannedSeeds(places, tonight).map(seeded)

/**
 * Given the run and its plan, link the newest proven copy of each image that lies elsewhere than in the last backup to
 * where it lies tonight. It spares the disk what did not change; where it is not possible the backup is as right without.
 */
export function seedCopies(context: RunContext, tonight: Tonight): ReportedFinding[] {
  const { environment, runId } = context
  const { backupDest } = environment
  const zero = section(readSections(backupDest), 0)
  if (zero === undefined) return []
  return plannedSeeds(context, tonight).flatMap((seed) => {
    try {
      return putSeedIn(seed, { section: zero, backupDest, runId }) ? [seeded(seed)] : []
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      return [impossible(seed, error)]
    }
  })
}

/** Given the run, take what was linked for rsync out of its section again. Never throws OperationalError: the report waits. */
export function removeSeeds({ environment: { backupDest } }: Pick<RunContext, 'environment'>): ReportedFinding[] {
  try {
    return takeSeedsOut(backupDest, readSections(backupDest)).map((error) =>
      left('What was linked into a section for rsync is still there', error),
    )
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return [left('What may have been linked into a section for rsync could not be looked for', error)]
  }
}

const left = (what: string, { message, cure }: OperationalError): ReportedFinding => ({
  code: 'seed-left',
  severity: 'warning',
  message: `${what}: ${message}`,
  cure,
})

const seeded = ({ image, copy }: Seed): ReportedFinding => ({
  code: 'image-seeded',
  severity: 'info',
  message: `No copy of ${printable(image.copyPath)} lay at this path in the last backup; what did not change since the copy of ${copy.known.label.path} of ${copy.known.label.madeAt} in ${placeName(copy)} is linked, not stored again.`,
})

const impossible = ({ image }: Seed, { message }: OperationalError): ReportedFinding => ({
  code: 'seed-impossible',
  severity: 'info',
  message: `${printable(image.copyPath)} is stored whole tonight, since its older copy could not be linked to this path. ${message}`,
})
