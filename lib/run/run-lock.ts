import type { ReportedFinding } from '../generated/report.js'
import { mayHold } from '../lbackup/lock-holder.js'
import { takeLock } from '../lbackup/lock.js'
import { hostName } from '../system/host.js'
import type { RunContext } from './context.js'

/** Given the run, take our own lock for LBackup's process, and return what is to be said of a stale one. Throws OperationalError. */
export async function lockRun(context: RunContext): Promise<ReportedFinding[]> {
  const holder = {
    ...context.lbackup,
    host: hostName(),
    since: context.startedAt.toISOString(),
    runId: context.runId,
  }
  const taken = await takeLock(context.stateFolder, holder, (other) =>
    mayHold(context.system, context.stateFolder, other),
  )
  if (taken.stale === undefined && !taken.unreadable) return []
  const who = taken.stale === undefined ? 'an earlier run' : `the run that began at ${taken.stale.since}`
  return [
    {
      code: 'lock-stale',
      severity: 'info',
      message: `The lock of ${who}, whose LBackup is gone without having ended as usual, was taken over.`,
    },
  ]
}
