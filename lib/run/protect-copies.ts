import type { ReportedFinding } from '../generated/report.js'
import type { SlotBook } from '../generated/slots.js'
import { withCopy, writeBook } from '../keep/book.js'
import { isCopyChanged, withDoubt } from '../keep/copy-changed.js'
import { planProtection, planRelease, protect, release } from '../keep/protect.js'
import type { StandingCopy } from '../keep/standing-type.js'
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
  const findings: ReportedFinding[] = []
  let { book, copies } = history
  const know = (next: SlotBook): void => {
    book = next
    writeBook(stateFolder, book)
    ;({ copies } = standing(book, backupDest, readSections(backupDest)))
  }
  // Each round takes one copy off the list: it stands in the store then, or is known not to be what was checked.
  for (let [copy] = planProtection(copies, numRotations); copy; [copy] = planProtection(copies, numRotations)) {
    try {
      know(protect(copy, { backupDest, runId, book }))
      findings.push(kept(copy))
    } catch (error) {
      if (!isCopyChanged(error) || copy.known.opened !== undefined) throw error
      findings.push({ code: 'copy-opened', severity: 'warning', message: error.message, cure: error.cure })
      know(withCopy(book, withDoubt(copy.known, context.system.now())))
    }
  }
  for (const generation of planRelease(copies, numRotations)) know(release(generation, { backupDest, runId, book }))
  return findings
}

function kept(copy: StandingCopy): ReportedFinding {
  const { path, madeAt } = copy.known.label
  return {
    code: 'copy-kept',
    severity: 'info',
    message: `The copy of ${path} of ${madeAt} was kept: ${placeName(copy)} rotates away tonight and holds the best one.`,
  }
}
