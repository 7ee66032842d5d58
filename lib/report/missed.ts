import type { HistoryLine } from '../generated/history.js'
import type { ReportedFinding } from '../generated/report.js'
import { scriptExit } from '../lbackup/exit-codes.js'
import type { ImageOfRun } from './history-line.js'
import { newestCopy, quoted, tonight, type Background } from './lines.js'
import { notBackedUp, type Row } from './trend.js'

export interface MissedFacts {
  /** `keep.warnAfterRuns`; 0: never. */
  readonly warnAfterRuns: number
  readonly phase: HistoryLine['phase']
  /** Found out only where there is something to tell. */
  readonly background: () => Background
}

/**
 * Given the images of a run and all runs, this one last, return a warning for each image that too many runs in a row did
 * not back up: what, the newest copy, a command, what happens tonight.
 */
export function missedFindings(
  images: readonly ImageOfRun[],
  lines: readonly HistoryLine[],
  { warnAfterRuns, phase, background }: MissedFacts,
): ReportedFinding[] {
  const expected = new Set(lines.at(-1)?.images.flatMap((image) => (image.expected ? [image.slot] : [])))
  const missed = images
    .map((image) => ({ image, row: notBackedUp(lines, image.slot) }))
    .filter(({ image, row }) => warnAfterRuns > 0 && row.runs >= warnAfterRuns && expected.has(image.slot))
  if (missed.length === 0) return []
  const facts = background()
  return missed.map(({ image, row }) => missedFinding(image, row, phase, facts))
}

function missedFinding(
  image: ImageOfRun,
  { runs, since = '' }: Row,
  phase: HistoryLine['phase'],
  facts: Background,
): ReportedFinding {
  const { path, user, reason, usedBy } = image
  const what = `${path} (${user}) was not backed up in the last ${String(runs)} runs, since ${since}: ${reason}.`
  const todo =
    usedBy.length > 0
      ? 'Let its user log out before a backup, or change its policy in filevault.json.'
      : "Read LBackup's log of these nights."
  const command = `See what the next run would do: lbackup-filevault tonight --config ${quoted(facts.configuration)}.`
  return {
    code: 'runs-missed',
    severity: 'warning',
    message: `${what} ${newestCopy(image, facts)}`,
    cure: `${todo} ${command} ${tonight({ phase: phase === 'pre' ? 'pre' : 'post', exitCode: scriptExit.halt })}`,
  }
}
