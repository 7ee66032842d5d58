import type { ReportedFinding } from '../generated/report.js'
import { writeBook } from '../keep/book.js'
import { planProtection, planRelease, protect, release } from '../keep/protect.js'
import { standing } from '../keep/standing.js'
import { placeName } from '../keep/vouch.js'
import { readSections } from '../lbackup/sections.js'
import type { RunContext } from './context.js'
import type { History } from './history.js'

/**
 * Given the run and what is known of copies, bring whatever tonight's rotation would take the last of into the store.
 * Throws OperationalError where that is not possible: the backup must not go on then.
 */
export function protectCopies(context: RunContext, history: History): ReportedFinding[] {
  const { environment, stateFolder, runId } = context
  const { backupDest, numRotations } = environment
  let { book } = history
  const wanted = planProtection(history.copies, numRotations)
  const findings = wanted.map((copy): ReportedFinding => {
    book = protect(copy, { backupDest, runId, book })
    writeBook(stateFolder, book)
    const { path, madeAt } = copy.known.label
    return {
      code: 'copy-kept',
      severity: 'info',
      message: `The copy of ${path} of ${madeAt} was kept: ${placeName(copy)} rotates away tonight and holds the newest good one.`,
    }
  })
  const now = standing(book, backupDest, readSections(backupDest))
  for (const generation of planRelease(now.copies, numRotations)) {
    book = release(generation, { backupDest, book })
    writeBook(stateFolder, book)
  }
  return findings
}
