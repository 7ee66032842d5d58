import type { Report, ReportedFinding } from '../generated/report.js'
import type { RunRecord } from '../generated/run.js'
import { OperationalError } from '../finding/operational-error.js'
import { hookExitCode } from '../lbackup/exit-codes.js'
import { releaseLock } from '../lbackup/lock.js'
import { readSections, section, sectionZeroIsNew, type Section } from '../lbackup/sections.js'
import { takeBlockOut } from '../link/apply.js'
import { buildReport } from '../report/build.js'
import type { RunContext } from './context.js'
import { judgeSection, type Judged } from './judge.js'
import { refuseOrphan } from './orphan.js'
import { publish } from './publish.js'
import { writeRecord } from './record.js'
import { recordOfRun } from './record-of-run.js'
import { workHere } from './work.js'

/** The post-backup hook: take the block out, judge what rsync made, report. Returns the report it published. */
export async function post(context: RunContext): Promise<Report> {
  await refuseOrphan(context)
  const ended = endBlock(context)
  const { record, findings, known } = recordOfRun(context)
  const sections = readSections(context.environment.backupDest)
  const zero = section(sections, 0)
  const made = zero !== undefined && isNew(context, record, known, sections)
  const judged = made ? await judgeSection(record, zero, workHere) : nothing
  await refuseOrphan(context)
  writeRecord(context.stateFolder, { ...record, state: 'finished', finishedAt: context.system.now().toISOString() })
  const report = buildReport({
    run: record.id,
    phase: 'post',
    startedAt: new Date(record.startedAt),
    finishedAt: context.system.now(),
    images: judged.images,
    findings: [...ended, ...findings, ...(made ? [] : [noSection(zero)]), ...judged.findings],
    entries: judged.entries,
    exitCode: (severity) => hookExitCode('post', severity),
  })
  await publish(context, report, record.storeId)
  releaseLock(context.stateFolder, record.id)
  return report
}

/** The copies are judged even where the block stays: what rsync made is there. */
function endBlock({ excludesFile }: RunContext): ReportedFinding[] {
  try {
    const { notes } = takeBlockOut(excludesFile)
    return notes.map((message) => ({ code: 'block-edited', severity: 'warning', message }))
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const message = `Our lines may still be in LBackup's excludes file. ${error.message}`
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
  return sectionZeroIsNew(record.sectionZero ?? undefined, sections, record.numRotations)
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
