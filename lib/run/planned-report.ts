import type { Report, ReportImage, ReportedFinding } from '../generated/report.js'
import type { RunRecord } from '../generated/run.js'
import { hookExitCode } from '../lbackup/exit-codes.js'
import { buildReport } from '../report/build.js'
import type { Loudness } from '../verify/verdict.js'
import type { RunContext } from './context.js'
import type { Tonight } from './plan-type.js'

/** Given the plan as recorded, return the report of the pre-backup hook. */
export function plannedReport(
  context: RunContext,
  tonight: Tonight,
  record: RunRecord,
  findings: readonly ReportedFinding[],
): Report {
  return buildReport({
    run: context.runId,
    phase: 'pre',
    startedAt: context.startedAt,
    finishedAt: context.system.now(),
    images: record.images.map(plannedImage),
    findings,
    entries: tonight.entries,
    halted: tonight.halt,
    exitCode: (severity: Loudness) => hookExitCode('pre', tonight.halt ? 'halt' : severity),
  })
}

function plannedImage(image: RunRecord['images'][number]): ReportImage {
  const { slot, path, user, usage, decision, findings, bytes, members, waitedSeconds, waitedFor, staged } = image
  const damaged = findings.some(({ severity }) => severity === 'error')
  const notBackedUp = decision.action === 'halt' || decision.action === 'leave-out'
  const [worst] = findings.filter(({ severity }) => severity === 'error')
  return {
    slot,
    path,
    user,
    verdict: notBackedUp ? 'not-backed-up' : 'not-judged-yet',
    loudness:
      decision.action === 'halt'
        ? 'error'
        : damaged || staged?.notFrozenAnew !== undefined || ['not-in-source', 'not-staged'].includes(decision.code)
          ? 'warning'
          : 'fine',
    reason:
      worst === undefined ? decision.reason : `${decision.reason}; it is damaged: ${worst.message.replace(/\.$/, '')}`,
    usedBy: usage.usedBy,
    decision,
    findings,
    bytes,
    members,
    waitedSeconds,
    ...(waitedFor === undefined ? {} : { waitedFor }),
    ...(staged === undefined ? {} : { staged }),
  }
}
