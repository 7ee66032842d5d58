import { OperationalError } from '../../../lib/finding/operational-error.js'
import type { SlotBook } from '../../../lib/generated/slots.js'
import { readBook } from '../../../lib/keep/book.js'
import { standing } from '../../../lib/keep/standing.js'
import { readSections } from '../../../lib/lbackup/sections.js'
import { planSeeds } from '../../../lib/seed/plan.js'
import { putSeedIn } from '../../../lib/seed/put-in.js'
import { takeSeedsOut } from '../../../lib/seed/take-out.js'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'

/** Where the image lies tonight: a hidden home, of which no section knows anything. */
export const movedTo = fromText('source/.bob/deep/bob.sparsebundle')

/** Links the copy of the set to where the image lies tonight; returns whether it was. */
export function seed(destination: RawPath, stateFolder: RawPath, copyPath = movedTo): boolean {
  const { sections } = readSections(destination)
  const { copies } = standing(readBook(stateFolder) as SlotBook, destination, { sections })
  const ownerUid = process.getuid?.() ?? 0
  const wanted = { slot: 'bob-1', copyPath, identity: 'uuid:1', ownerUid, container: 'sparse-bundle' as const }
  const [planned] = planSeeds([wanted], copies)
  const [section] = sections
  if (planned === undefined || section === undefined) throw new Error('there is nothing to link')
  return putSeedIn(planned, { section, backupDest: destination, runId: 'run-1' })
}

// Run as a process of its own, `both` for both ways, and may be killed at any step.
const [destination, stateFolder, both] = process.argv.slice(2)
if (process.argv[1]?.endsWith('seeding.ts') === true && destination !== undefined && stateFolder !== undefined) {
  try {
    seed(fromText(destination), fromText(stateFolder))
    if (both === 'both') {
      const left = takeSeedsOut(fromText(destination), readSections(fromText(destination)))
      process.stdout.write(left.map(({ code }) => code).join())
    }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    process.stdout.write(error.code)
    process.exitCode = 3
  }
}
