import type { Report, ReportedFinding } from '../generated/report.js'
import type { RunRecord } from '../generated/run.js'
import { OperationalError } from '../finding/operational-error.js'
import { hookExitCode } from '../lbackup/exit-codes.js'
import { releaseLock } from '../lbackup/lock.js'
import { readSections, section, sectionZeroChange, type Section } from '../lbackup/sections.js'
import { takeBlockOut } from '../link/apply.js'
import { buildReport } from '../report/build.js'
import type { RunContext } from './context.js'
import type { Judged } from './judge.js'
import { mountedMeanwhile } from './mounted-meanwhile.js'
import { refuseOtherBlock } from './other-block.js'
import { refuseOrphan } from './orphan.js'
import { knownSlots, publish } from './publish.js'
import { writeRecord } from './record.js'
import { finished } from './recorded.js'
import { recordOfRun } from './record-of-run.js'
import { fewerImages } from './search-findings.js'
import { settleSection } from './settle-section.js'
import { removeSeeds } from './seed-copies.js'
import { tellRun, withPauses, type Ended } from './tell-run.js'
import { unstage } from './staging.js'
import { endWatch, type Seen } from './watching.js'

/** The post-backup hook: take the block out, judge what rsync made, report. Returns the report it published. */
export async function post(context: RunContext): Promise<Report> {
  await refuseOrphan(context)
  const ended = [...(await endBlock(context)), ...removeSeeds(context)]
  const { record, findings, known } = recordOfRun(context)
  const watched = await endWatch(context, record, { late: false })
  const { said, ...seen } = await judgeOrSay(context, record, known, watched)
  await refuseOrphan(context)
  const left = await unstage(context)
  const { paused } = watched
  // What the pre hook halted it told.
  const told =
    record.state === 'finished' ? [] : tellRun(context, { record, phase: 'post', images: said ?? seen.images, paused })
  const report = buildReport({
    run: record.id,
    phase: 'post',
    startedAt: new Date(record.startedAt),
    finishedAt: context.system.now(),
    ...seen,
    images: withPauses(seen.images, paused),
    pausedSeconds: paused.seconds,
    findings: [
      ...ended,
      ...context.machineFindings,
      ...findings,
      ...watched.findings,
      ...seen.findings,
      ...left,
      ...told,
    ],
    exitCode: (severity) => hookExitCode('post', severity),
  })
  await publish(context, report, record.storeId)
  writeRecord(context.stateFolder, finished(context, record))
  releaseLock(context.stateFolder, record.id)
  return report
}

/** What could not be judged is reported like any verdict: the report's channel may be the only one that is heard. */
async function judgeOrSay(
  context: RunContext,
  record: RunRecord,
  known: boolean,
  { words }: Seen,
): Promise<Judged & { readonly said?: Ended['images'] }> {
  try {
    const sections = readSections(context.environment.backupDest)
    const zero = section(sections, 0)
    if (zero === undefined || !isNew(context, record, known, sections))
      return {
        ...nothing,
        findings: [noSection(zero)],
        said: { verdict: 'not-backed-up', reason: 'LBackup made no new section' },
      }
    const judged = await settleSection(context, record, zero, { late: false, seen: words })
    const mounted = await mountedMeanwhile(context.machine, record, zero)
    return { ...judged, findings: [...remoteImages(context, judged), ...judged.findings, ...mounted] }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const message = `The copies of this run could not be judged. ${error.message}`
    return {
      ...nothing,
      findings: [{ code: 'not-judged', severity: 'error', message, cure: error.cure }],
      said: { verdict: 'not-judged-yet', reason: 'its copy could not be judged' },
    }
  }
}

/** The copies are judged even where the block stays: what rsync made is there. */
async function endBlock(context: RunContext): Promise<ReportedFinding[]> {
  try {
    await refuseOtherBlock(context)
    const { notes } = takeBlockOut(context.excludesFile)
    return notes.map((message) => ({ code: 'block-edited', severity: 'warning', message }))
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const message = `Lines of ours may still be in LBackup's excludes file. ${error.message}`
    return [{ code: 'block-stuck', severity: 'error', message, cure: error.cure }]
  }
}

const nothing: Judged = { images: [], findings: [], entries: 0 }

/** Without a record of this run, whether Section.0 is new cannot be told; it is judged rather than passed over. */
function isNew(
  { environment }: RunContext,
  record: RunRecord,
  known: boolean,
  sections: ReturnType<typeof readSections>,
): boolean {
  if (!known) return environment.backupStatus !== 'failed'
  // The pre hook halted this run and saw no section, perhaps because the backup disk told of none.
  if (record.state === 'finished' && record.sectionZero === null) return false
  // `unexpected`: somebody else moved sections. It is judged: better twice than never.
  return sectionZeroChange(record.sectionZero ?? undefined, sections, record.numRotations) !== 'same'
}

/** Images on another machine are seen only here: that there are fewer than last time must be told here. */
function remoteImages(context: RunContext, { images }: Judged): ReportedFinding[] {
  if (context.machine !== undefined) return []
  const found = new Set(images.map(({ slot }) => slot))
  return fewerImages(found, knownSlots(context), context.config.search.mayBeEmpty, () => true)
}

function noSection(zero: Section | undefined): ReportedFinding {
  const what = zero === undefined ? 'there is no Section.0' : 'Section.0 is still the one from before'
  return {
    code: 'no-new-section',
    severity: 'warning',
    message: `LBackup made no new section (${what}); no copy was judged.`,
    cure: "Read LBackup's log for the reason.",
  }
}
