import type { BackupLock } from '../install/backup-lock.js'
import type { LockHolder } from '../lbackup/lock.js'
import type { RunRecord } from '../generated/run.js'
import type { SlotStatus, Status } from '../generated/status.js'
import type { SlotTrend } from '../generated/status-report.js'
import type { AwaitedImage } from '../generated/waiting.js'
import { duration } from '../text/measure.js'
import { found, type DoctorFinding } from './found.js'
import { lockFindings } from './locks.js'

/** What is known of the last runs, at a moment. */
export interface AlarmFacts {
  readonly now: Date
  /** undefined: no run yet. */
  readonly status: Status | undefined
  /** What became of the slots over the last runs. */
  readonly trends: readonly SlotTrend[]
  readonly record: RunRecord | undefined
  /** LBackup's lock; `heeded`: LBackup looks at it. */
  readonly lock: BackupLock
  readonly heeded: boolean
  readonly holder: LockHolder | undefined
  readonly holderAlive: boolean
  /** The images that the pre-backup hook waits for now. */
  readonly waiting: readonly AwaitedImage[]
  /** `report.noRunHours`. */
  readonly noRunHours: number
  /** `keep.warnAfterRuns`; 0: never. */
  readonly warnAfterRuns: number
  /** The command that looks for causes, ready to be pasted. */
  readonly doctorCommand: string
  /** The command that tells what the next run would do, ready to be pasted. */
  readonly tonightCommand: string
}

/** A complete copy older than this is worth a warning. */
const oldDays = 7
/** How much later than announced the end of a wait may be. */
const overdueSeconds = 60

/** Given what is known of the last runs, return what somebody must be told, errors first. */
export function alarms(facts: AlarmFacts): DoctorFinding[] {
  const all = [
    ...lockFindings(facts.lock, facts.heeded).filter(({ severity }) => severity !== 'info'),
    ...runAlarms(facts),
    ...facts.waiting.flatMap((image) => waitAlarms(image, facts)),
    ...(facts.status?.slots ?? []).flatMap((slot) => [...slotAlarms(slot, facts), ...missedAlarm(slot, facts)]),
  ]
  return ['error', 'warning'].flatMap((severity) => all.filter((one) => one.severity === severity))
}

function runAlarms(facts: AlarmFacts): DoctorFinding[] {
  const { status, noRunHours, doctorCommand } = facts
  const last = status?.lastRun ?? undefined
  const run = `Run: ${doctorCommand}`
  if (last === undefined) {
    return [found('no-run-yet', 'error', 'No run of the hooks is known.', `Let LBackup run once. ${run}`)]
  }
  const age = ageOf(last.finishedAt, facts)
  const overdue = found(
    'run-overdue',
    'error',
    `The last run ended ${duration(age)} ago (${last.finishedAt}); there should be one every ${String(noRunHours)} h.`,
    `See whether LBackup was started, and read its log. ${run}`,
  )
  const bad = found(
    'run-bad',
    last.severity === 'error' ? 'error' : 'warning',
    `The last run (${last.startedAt}) ended with ${last.severity === 'error' ? 'an error' : 'a warning'}: ${last.summary}`,
    "Read LBackup's log of that night, or report.json in the state folder.",
  )
  return [
    ...(age > noRunHours * 3600 ? [overdue] : []),
    ...(last.severity === 'fine' ? [] : [bad]),
    ...postAlarm(facts, last.post),
  ]
}

/** The post hook of a run that LBackup still works on will come; that of a halted run may stay away. */
function postAlarm({ record, status, holder, holderAlive, lock }: AlarmFacts, post: boolean): DoctorFinding[] {
  const open = record !== undefined && record.state !== 'finished'
  const running = lock.state === 'running' || (holder !== undefined && holderAlive)
  if (post || !open || running) return []
  const since = status?.lastRun?.startedAt ?? record.startedAt
  return [
    found(
      'post-hook-missing',
      'error',
      `The run that began at ${since} ended without its post-backup hook: its copies were not looked at.`,
      'The next run looks at them. Set post_actions_on_backup_error="YES" in LBackup\'s configuration, and read its log of that night.',
    ),
  ]
}

/** A hook that still waits by then hangs. */
function waitAlarms({ path, user, since, until }: AwaitedImage, facts: AlarmFacts): DoctorFinding[] {
  const late = ageOf(until, facts)
  if (late <= overdueSeconds) return []
  const what = `The pre-backup hook waits for ${path} (${user}) since ${since}`
  const message = `${what}, and should have gone on ${duration(late)} ago, at ${until}.`
  return [
    found('wait-overdue', 'warning', message, 'Look for a disk or network volume that hangs, or end that LBackup.'),
  ]
}

function slotAlarms(slot: SlotStatus, facts: AlarmFacts): DoctorFinding[] {
  const what = `${slot.path} (${slot.user})`
  const why = `The last verdict, at ${slot.lastAt}, is ${slot.lastVerdict.replaceAll('-', ' ')}: ${slot.reason}.`
  const cure = 'Let its user log out before a backup, or change its policy in filevault.json.'
  if (slot.lastCompleteAt === undefined) {
    if (slot.lastVerdict === 'not-judged-yet') return []
    return [found('copy-none', 'warning', `No complete copy of ${what} is known. ${why}`, cure)]
  }
  const age = ageOf(slot.lastCompleteAt, facts)
  if (age <= oldDays * 86_400) return []
  const message = `The newest complete copy of ${what} is ${duration(age)} old (${slot.lastCompleteAt}). ${why}`
  return [found('copy-old', 'warning', message, cure)]
}

/** An image that is gone from its source is not backed up any more, and need not be. */
function missedAlarm(slot: SlotStatus, { trends, warnAfterRuns, tonightCommand }: AlarmFacts): DoctorFinding[] {
  const trend = trends.find((one) => one.slot === slot.slot)
  if (trend === undefined || slot.goneSince !== undefined) return []
  const { notBackedUpInARow: missed, notBackedUpSince = '', last } = trend
  if (warnAfterRuns === 0 || missed < warnAfterRuns) return []
  const { newestGood, newestGoodIn = 'the store' } = slot.kept ?? {}
  const good =
    newestGood === undefined
      ? 'No good copy of it is known.'
      : `Its newest good copy is of ${newestGood} (${newestGoodIn}).`
  return [
    found(
      'runs-missed',
      'warning',
      `${slot.path} (${slot.user}) was not backed up in the last ${String(missed)} runs, since ${notBackedUpSince}: ${last.reason}. ${good}`,
      `Let its user log out before a backup, or change its policy in filevault.json. See what the next run would do: ${tonightCommand}`,
    ),
  ]
}

const ageOf = (time: string, { now }: AlarmFacts): number => (now.getTime() - Date.parse(time)) / 1000
