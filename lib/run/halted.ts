import { OperationalError } from '../finding/operational-error.js'
import type { Report, ReportedFinding } from '../generated/report.js'
import type { RunRecord } from '../generated/run.js'
import { hookExitCode } from '../lbackup/exit-codes.js'
import { releaseLock } from '../lbackup/lock.js'
import { rememberedStore } from '../lbackup/store.js'
import { takeBlockOut } from '../link/apply.js'
import { buildReport } from '../report/build.js'
import { freezingGoesOn } from '../staging/freezing-lock.js'
import { notPaused } from '../watch/paused.js'
import type { RunContext } from './context.js'
import { publish } from './publish.js'
import { readableSections } from './readable-sections.js'
import { noteUnlooked } from './reconcile.js'
import { writeRecord } from './record.js'
import { finished, newRecord } from './recorded.js'
import { removeSeeds } from './seed-copies.js'
import { unstage } from './staging.js'
import { tellRun } from './tell-run.js'

/**
 * Given why the backup is halted before anything was planned, leave nothing of this run and return its report. What an
 * earlier run left is told even so: it is put right by now, and no later run would speak of it.
 */
export async function haltedBy(
  context: RunContext,
  { code, message, cure }: OperationalError,
  before: readonly ReportedFinding[],
): Promise<Report> {
  const record = finished(context, newRecord(context, null, readableSections(context)?.sections ?? []))
  noteUnlooked(context)
  const left = [...removeSeeds(context), ...(code === freezingGoesOn ? [] : await unstage(context))]
  const told = tellHalt(context, record, `the backup was halted: ${message.replace(/\.$/, '')}`)
  writeRecord(context.stateFolder, record)
  // What halts may be the excludes file itself; a block of a dead run in it is then said, not silently kept.
  const stuck = blockStuck(context)
  releaseLock(context.stateFolder, context.runId)
  const parts = {
    run: context.runId,
    phase: 'pre' as const,
    startedAt: context.startedAt,
    finishedAt: context.system.now(),
    images: [],
    findings: [...before, ...left, ...stuck, { code, severity: 'error' as const, message, cure }, ...told],
    entries: 0,
    halted: true,
    exitCode: () => hookExitCode('pre', 'halt'),
  }
  return publish(context, buildReport(parts), rememberedStore(context.stateFolder) ?? null)
}

/** Given why, tell of each image that it is not backed up. */
export const tellHalt = (context: RunContext, record: RunRecord, reason: string): ReportedFinding[] =>
  tellRun(context, { record, phase: 'pre', images: { verdict: 'not-backed-up', reason }, paused: notPaused })

function blockStuck({ excludesFile }: RunContext): ReportedFinding[] {
  try {
    takeBlockOut(excludesFile)
    return []
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const message = "Our lines may still be in LBackup's excludes file."
    return [{ code: 'block-stuck', severity: 'error', message, cure: error.cure }]
  }
}
