import { OperationalError } from '../finding/operational-error.js'
import type { ReportedFinding } from '../generated/report.js'
import { endLeftPaused, leftPaused, leftPausedWords } from '../watch/left-paused.js'
import type { RunContext } from './context.js'

/** Given the run, let an rsync go on that a dead watch left paused. Returns what is to be said of it. */
export async function continueLeftPaused(context: RunContext): Promise<ReportedFinding[]> {
  try {
    return await continued(context)
  } catch (error) {
    // A journal that cannot be read or written is told where the watch is ended or begun.
    if (error instanceof OperationalError) return []
    throw error
  }
}

async function continued({ system, stateFolder, config }: RunContext): Promise<ReportedFinding[]> {
  const left = await leftPaused(system, stateFolder, config.watch.maxPauseMinutes * 60_000)
  if (left === undefined) return []
  await endLeftPaused(system, stateFolder, left, 'a hook')
  const message = `${leftPausedWords(left)}; it goes on now.`
  const cure = 'Look in the system’s log for who ended the watch and its guard.'
  return [{ code: 'rsync-left-paused', severity: 'warning', message, cure }]
}
