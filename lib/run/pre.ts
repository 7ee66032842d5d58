import { OperationalError } from '../finding/operational-error.js'
import type { Report, ReportedFinding } from '../generated/report.js'
import type { RunRecord } from '../generated/run.js'
import { releaseLock } from '../lbackup/lock.js'
import { readSections } from '../lbackup/sections.js'
import { abandonStaging } from '../staging/abandon.js'
import { untilNobodyFreezes } from '../staging/freezing-lock.js'
import { enforce } from './block.js'
import { ownPaths, type RunContext } from './context.js'
import { haltedBy, tellHalt } from './halted.js'
import { plannedReport } from './planned-report.js'
import { checkDisk } from './disk.js'
import { removeLeftOvers } from './left-over.js'
import { continueLeftPaused } from './left-paused.js'
import { refuseOtherBlock } from './other-block.js'
import { orphaned, refuseOrphan } from './orphan.js'
import { openHistory } from './history.js'
import { knownSlots, publish } from './publish.js'
import { protectCopies } from './protect-copies.js'
import { reconcileBlock, reconcileRun } from './reconcile.js'
import { fitted, tooMany } from './fitted.js'
import { writeRecord } from './record.js'
import { finished, newRecord, withPlan } from './recorded.js'
import { checkRemote } from './remote.js'
import { lockRun } from './run-lock.js'
import type { Tonight } from './plan-type.js'
import { frozenBefore, isStaging, stageTonight, unstage } from './staging.js'
import { aloneInStaging } from './staging-turn.js'
import { planTonight } from './tonight.js'
import { waiterOf } from './waiter.js'
import { seedCopies } from './seed-copies.js'
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
    if (!(error instanceof OperationalError)) throw error
    if (error.code === orphaned) return abandoned(context, error)
    return haltedBy(context, error, before).catch((later: unknown) => {
      if (later instanceof OperationalError && later.code === orphaned) return abandoned(context, later)
      // A full disk takes no record either; what came first is what is told.
      throw error
    })
  }
}

/** Of a run whose LBackup is gone nothing is to stand there until the next one. */
async function abandoned(context: RunContext, error: OperationalError): Promise<never> {
  if (isStaging(context)) await abandonStaging(context.system, context.stateFolder, context.runId)
  throw error
}

async function prepareBackup(
  context: RunContext,
  storeId: string,
  before: readonly ReportedFinding[],
): Promise<Report> {
  const record = newRecord(context, storeId, readSections(context.environment.backupDest).sections)
  writeRecord(context.stateFolder, record)
  const history = openHistory(context)
  const planned = await plan(context)
  await refuseOrphan(context)
  const tonight = isStaging(context) ? await aloneInStaging(context, () => stageTonight(context, planned)) : planned
  await refuseOrphan(context)
  const { document: recorded, leftOut } = fitted(withPlan(record, tonight), 'images')
  const findings = [...before, ...history.findings, ...tonight.findings, ...tooMany(leftOut, 'run.json')]
  if (tonight.halt) {
    findings.push(...tellHalt(context, recorded, 'the backup was halted'))
    writeRecord(context.stateFolder, finished(context, recorded))
    releaseLock(context.stateFolder, context.runId)
    return publish(context, plannedReport(context, tonight, recorded, findings), storeId)
  }
  findings.push(...protectCopies(context, history))
  findings.push(...(await act(context, tonight, recorded)))
  const published = await publish(context, plannedReport(context, tonight, recorded, findings), storeId)
  // Last, since all that a process does after it has started another one costs it more.
  await startWatch(context, tonight)
  return published
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
