import { OperationalError } from '../finding/operational-error.js'
import type { Report, ReportImage, ReportedFinding } from '../generated/report.js'
import type { RunRecord } from '../generated/run.js'
import { hookExitCode } from '../lbackup/exit-codes.js'
import { releaseLock } from '../lbackup/lock.js'
import { rememberedStore } from '../lbackup/store.js'
import { takeBlockOut } from '../link/apply.js'
import { buildReport } from '../report/build.js'
import { freezingGoesOn, untilNobodyFreezes } from '../staging/freezing-lock.js'
import type { Loudness } from '../verify/verdict.js'
import { notPaused } from '../watch/paused.js'
import { enforce } from './block.js'
import { ownPaths, type RunContext } from './context.js'
import { checkDisk } from './disk.js'
import { removeLeftOvers } from './left-over.js'
import { continueLeftPaused } from './left-paused.js'
import { refuseOtherBlock } from './other-block.js'
import { orphaned, refuseOrphan } from './orphan.js'
import { openHistory } from './history.js'
import { knownSlots, publish } from './publish.js'
import { protectCopies } from './protect-copies.js'
import { noteUnlooked, reconcileBlock, reconcileRun } from './reconcile.js'
import { writeRecord } from './record.js'
import { newRecord, withPlan } from './recorded.js'
import { checkRemote } from './remote.js'
import { lockRun } from './run-lock.js'
import type { Tonight } from './plan-type.js'
import { frozenBefore, stageTonight, unstage } from './staging.js'
import { planTonight } from './tonight.js'
import { tellRun } from './tell-run.js'
import { waiterOf } from './waiter.js'
import { removeSeeds, seedCopies } from './seed-copies.js'
import { startWatch } from './watching.js'

/** The pre-backup hook: reconcile, check the disk, observe, decide, act, report. Returns the report it published. */
export async function pre(context: RunContext): Promise<Report> {
  await refuseOtherBlock(context)
  const before = await lockRun(context)
  try {
    before.push(...(await continueLeftPaused(context)))
    removeLeftOvers(context)
    before.push(...reconcileBlock(context))
    const storeId = checkDisk(context)
    before.push(...(await reconcileRun(context)))
    await untilNobodyFreezes(context.system, context.stateFolder)
    before.push(...(await unstage(context)))
    return await prepareBackup(context, storeId, before)
  } catch (error) {
    if (!(error instanceof OperationalError) || error.code === orphaned) throw error
    return haltedBy(context, error, before).catch(() => {
      // A full disk takes no record either; what came first is what is told.
      throw error
    })
  }
}

async function prepareBackup(
  context: RunContext,
  storeId: string,
  before: readonly ReportedFinding[],
): Promise<Report> {
  const record = newRecord(context, storeId)
  writeRecord(context.stateFolder, record)
  const history = openHistory(context)
  const planned = await plan(context)
  await refuseOrphan(context)
  const tonight = await stageTonight(context, planned)
  await refuseOrphan(context)
  const recorded = withPlan(record, tonight)
  const findings = [...before, ...history.findings, ...tonight.findings]
  if (tonight.halt) {
    findings.push(...tellHalt(context, recorded, 'the backup was halted'))
    writeRecord(context.stateFolder, { ...recorded, state: 'finished', finishedAt: now(context) })
    releaseLock(context.stateFolder, context.runId)
    return publish(context, report(context, tonight, recorded, findings), storeId)
  }
  findings.push(...protectCopies(context, history))
  findings.push(...(await act(context, tonight, recorded)))
  const published = await publish(context, report(context, tonight, recorded, findings), storeId)
  // Last, since all that a process does after it has started another one costs it more.
  await startWatch(context, tonight)
  return published
}

/** What an earlier run left is told even so: it is put right by now, and no later run would speak of it. */
async function haltedBy(
  context: RunContext,
  { code, message, cure }: OperationalError,
  before: readonly ReportedFinding[],
): Promise<Report> {
  const record = { ...newRecord(context, null), state: 'finished' as const, finishedAt: now(context) }
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

const tellHalt = (context: RunContext, record: RunRecord, reason: string): ReportedFinding[] =>
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

/** Recorded before and after: a run that dies in between is known by its record. */
async function act(context: RunContext, tonight: Tonight, record: RunRecord): Promise<ReportedFinding[]> {
  const { excludes, administrator } = tonight
  const excludesBlock = excludes !== undefined
  writeRecord(context.stateFolder, { ...record, state: 'acting', excludesBlock })
  if (excludes !== undefined) await enforce(context, excludes, administrator)
  await refuseOrphan(context)
  const findings = seedCopies(context, tonight)
  writeRecord(context.stateFolder, { ...record, state: 'backing-up', excludesBlock })
  return findings
}

async function plan(context: RunContext): Promise<Tonight> {
  const { machine } = context
  if (context.environment.useSSH) await checkRemote(context)
  if (machine !== undefined) {
    return planTonight({
      ...context,
      machine,
      ownPaths: machine.here ? ownPaths(context) : [],
      slots: knownSlots(context),
      frozen: frozenBefore(context),
      waiter: waiterOf(context, machine),
    })
  }
  return {
    images: [],
    decided: new Map(),
    accounts: [],
    volumes: [],
    waited: new Map(),
    waitedFor: new Map(),
    findings: context.machineFindings,
    entries: 0,
    halt: false,
    excludes: undefined,
    administrator: undefined,
  }
}

function report(
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
        : damaged || ['not-in-source', 'not-staged'].includes(decision.code)
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

const now = (context: RunContext): string => context.system.now().toISOString()
