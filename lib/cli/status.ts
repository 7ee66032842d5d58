import { parseArgs } from 'node:util'
import { alarms } from '../doctor/alarm.js'
import { found, type DoctorFinding } from '../doctor/found.js'
import { leftPausedFindings } from '../doctor/left-paused.js'
import { statusOf } from '../doctor/status-of.js'
import { OperationalError } from '../finding/operational-error.js'
import type { RunRecord } from '../generated/run.js'
import type { SlotStatus } from '../generated/status.js'
import type { StatusReport } from '../generated/status-report.js'
import { backupLock } from '../install/backup-lock.js'
import { shellWord } from '../install/shell-word.js'
import { isYes } from '../lbackup/configuration.js'
import { lockHolder } from '../lbackup/lock.js'
import { isAlive } from '../lbackup/process-chain.js'
import { isDamaged, readRecord } from '../run/record.js'
import { readRuns } from '../run/run-history.js'
import { readWaiting } from '../run/waiting-record.js'
import { trendOf } from '../report/trend.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { findingsText, severityCode, severityOf } from './findings.js'
import { machineOf, type Machine } from './machine.js'
import { printDocument } from './output.js'
import { refuseMore } from './arguments.js'
import { statusText, waitingText, type Known } from './status-text.js'

export const summary = 'what the last runs said; --alarm for a timer'

export const help = `usage: lbackup-filevault status --config FILE [--alarm] [--json]

Tells of the last run, and of each image when it was backed up last, of when its
newest good copy is and where, what became of it over the last 30 runs (backed
up, waited for, rsync paused for it, by whom it was used), and what keeping it
costs; and of a wait that is going on: for whose image, what uses it, until when
at most. Nothing is looked at but what the hooks wrote down.

With --alarm, only what somebody must be told, and nothing at all where all is
well; for a timer whose output is mailed. It cries for: no run at all, or none
for report.noRunHours, records that cannot be read, a stale lock, a last run
with errors or warnings, a post hook that never came, a wait that has not ended
at its time, an image without a complete copy or whose newest is older than 7
days, one that keep.warnAfterRuns runs in a row did not back up, an rsync that
stands still because the watch that paused it is gone; it lets that one go on,
since LBackup would wait for it for ever.

  --config FILE  LBackup's configuration file
  --alarm        print problems only
  --json         print one JSON document (schemas/status-report.schema.json)

exit codes: 0 fine, 1 warnings, 2 errors, 3 no run is known (with --alarm: 2),
64 usage
`

/** Given the arguments after `status`, do what they ask and return the exit code. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' }, alarm: { type: 'boolean' }, json: { type: 'boolean' } },
  })
  refuseMore('status', positionals)
  const machine = machineOf('status', values.config)
  const now = machine.system.now()
  const status = statusOf(machine.stateFolder)
  const waiting = (await readWaiting(machine.system, machine.stateFolder))?.images ?? []
  const { trends, unreadable } = trendsOf(machine.stateFolder, status?.slots ?? [])
  const known = { status, trends, waiting }
  const problems = [...(await problemsOf(machine, known, now, values.alarm === true)), ...unreadable]
  const severity = severityOf(problems)
  if (values.json === true) printDocument(context, report(machine, { ...known, problems }, now))
  else if (values.alarm === true) context.stdout(findingsText(problems))
  else context.stdout(waitingText(waiting, now) + statusText(machine.stateFolder, known, now) + findingsText(problems))
  return status === undefined && values.alarm !== true ? exitCode.unknown : severityCode(severity)
}

async function problemsOf(machine: Machine, known: Known, now: Date, alarm: boolean): Promise<DoctorFinding[]> {
  const { setup, loaded, system, stateFolder } = machine
  const configuration = shellWord(printable(setup.configurationFile))
  const longestPause = loaded.config.watch.maxPauseMinutes * 60_000
  const left = await leftPausedFindings(system, stateFolder, longestPause, alarm)
  const holder = lockHolder(stateFolder)
  const others = alarms({
    now,
    ...known,
    record: recordOf(machine),
    lock: await backupLock(system, setup.configurationFolder),
    heeded: isYes(setup.configuration, 'ignore_backup_lock') !== true,
    holder,
    holderAlive: holder !== undefined && (await isAlive(system, holder)),
    noRunHours: loaded.config.report.noRunHours,
    warnAfterRuns: loaded.config.keep.warnAfterRuns,
    doctorCommand: `lbackup-filevault doctor --config ${configuration}`,
    tonightCommand: `lbackup-filevault tonight --config ${configuration}`,
  })
  return [...left, ...others]
}

/** A record that cannot be used is the next run's affair; it says so. */
function recordOf({ stateFolder }: Machine): RunRecord | undefined {
  const record = readRecord(stateFolder)
  return isDamaged(record) ? undefined : record
}

/** Without the history everything else is told all the same. */
function trendsOf(
  stateFolder: RawPath,
  slots: readonly SlotStatus[],
): Pick<Known, 'trends'> & { unreadable: DoctorFinding[] } {
  try {
    const runs = readRuns(stateFolder)
    return { trends: slots.flatMap(({ slot }) => trendOf(runs, slot) ?? []), unreadable: [] }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const message = `What became of earlier runs cannot be read. ${error.message}`
    return { trends: [], unreadable: [found('history-unreadable', 'warning', message, error.cure)] }
  }
}

function report(
  { setup, stateFolder }: Machine,
  { status, trends, waiting, problems }: Known & { readonly problems: readonly DoctorFinding[] },
  now: Date,
): StatusReport {
  return {
    schema: 'status-report/1',
    configuration: printable(setup.configurationFile),
    stateFolder: printable(stateFolder),
    at: now.toISOString(),
    severity: severityOf(problems),
    lastRun: status?.lastRun ?? null,
    ...(status?.lastPost === undefined ? {} : { lastPost: status.lastPost }),
    slots: status?.slots ?? [],
    trends,
    ...(waiting.length === 0 ? {} : { waiting }),
    problems,
  }
}
