import type { ReportedFinding } from '../generated/report.js'
import type { RunRecord } from '../generated/run.js'
import { sectionZeroIsNew } from '../lbackup/sections.js'
import type { RunContext } from './context.js'
import { isDamaged, readRecord } from './record.js'
import { readableSections } from './readable-sections.js'
import { newRecord } from './recorded.js'

/** What the pre hook left for the post hook of the same backup. */
export interface RecordOfRun {
  readonly record: RunRecord
  readonly findings: readonly ReportedFinding[]
  /** The record tells what Section.0 was before this run. */
  readonly known: boolean
}

/** Given the run, return its record; where there is none, one that plans nothing, so that every image found is an error. */
export function recordOfRun(context: RunContext): RecordOfRun {
  const sections = readableSections(context)
  const found = readRecord(context.stateFolder)
  const without = (message: string): RecordOfRun => ({
    record: newRecord(context, null, sections?.sections ?? []),
    findings: [preMissing(message, 'error')],
    known: false,
  })
  if (found === undefined) return without('The pre-backup hook left no record of this run.')
  if (isDamaged(found)) return without(`The record of this run cannot be used: ${found.damaged}.`)
  const ours = found.lbackup?.pid === context.lbackup.pid && found.lbackup.startTime === context.lbackup.startTime
  if (!ours || found.bootId !== context.bootId) return without('The pre-backup hook did not run in this backup.')
  if (found.state !== 'observing' && found.state !== 'acting') return { record: found, findings: [], known: true }
  const { id, storeId, sectionZero } = found
  const wentOn = sections && sectionZeroIsNew(sectionZero ?? undefined, sections, found.numRotations)
  return {
    record: { ...newRecord(context, storeId, sections?.sections ?? []), id, startedAt: found.startedAt, sectionZero },
    findings: [preMissing(`The pre-backup hook did not come to its end, ${endOf(wentOn)}.`, severityOf(wentOn))],
    known: true,
  }
}

/** undefined: the backup disk does not tell. */
function endOf(wentOn: boolean | undefined): string {
  if (wentOn === undefined) return 'and whether LBackup went on with the backup cannot be told'
  return wentOn ? 'yet LBackup went on with the backup' : 'and LBackup halted the backup'
}

const severityOf = (wentOn: boolean | undefined): 'error' | 'warning' => (wentOn === false ? 'warning' : 'error')

const preMissing = (message: string, severity: 'error' | 'warning'): ReportedFinding => ({
  code: 'pre-hook-missing',
  severity,
  message,
  cure: 'Nothing is known of what used the images during this backup. Run: lbackup-filevault doctor',
})
