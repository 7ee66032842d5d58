import type { ReportedFinding } from '../generated/report.js'
import { takeBlockOut } from '../link/apply.js'
import { copiesOf, isSamePlace, readBook, withCopy, writeBook } from '../keep/book.js'
import { recoverWork } from '../keep/recover.js'
import { readSections, section, sectionZeroChange } from '../lbackup/sections.js'
import { count } from '../text/measure.js'
import { notPaused } from '../watch/paused.js'
import type { RunContext } from './context.js'
import { isDamaged, readRecord, writeRecord } from './record.js'
import { finished } from './recorded.js'
import { settleSection } from './settle-section.js'
import { removeSeeds } from './seed-copies.js'
import { tellRun } from './tell-run.js'
import { endWatch } from './watching.js'

/** Given the run, take the excludes block of a dead run out. Returns what is to be said of it. */
export function reconcileBlock({ excludesFile }: RunContext): ReportedFinding[] {
  if (!takeBlockOut(excludesFile).changed) return []
  const message = 'Our block of an earlier run was still in the excludes file; it was taken out.'
  return [{ code: 'block-left-over', severity: 'info', message }]
}

/** Put right what was being swapped, and note each older copy that stands and of which nobody knows. */
function recoverCopies({ environment: { backupDest }, stateFolder }: RunContext): ReportedFinding[] {
  const recovered = recoverWork(backupDest, readSections(backupDest))
  const read = readBook(stateFolder)
  if (read !== undefined && !('damaged' in read)) {
    const placed = recovered.flatMap(({ known }) => known ?? [])
    const news = placed.filter(
      ({ label, place }) => !copiesOf(read, label.slot).some((one) => isSamePlace(one.place, place)),
    )
    if (news.length > 0) writeBook(stateFolder, news.reduce(withCopy, read))
  }
  return recovered.map(({ text }) => ({ code: 'work-recovered', severity: 'warning', message: text }))
}

/**
 * Given the run, on the backup disk that we know, put right what a run without a post hook left: images it was about to
 * swap, and, if it made a section that nobody judged, its copies. Returns what is to be said of it.
 */
export async function reconcileRun(context: RunContext): Promise<ReportedFinding[]> {
  const left = [...removeSeeds(context), ...recoverCopies(context)]
  const record = readRecord(context.stateFolder)
  if (record === undefined) return left
  if (isDamaged(record)) {
    const message = `The record of the last run cannot be used (${record.damaged}); its copies are not judged.`
    return [...left, { code: 'record-damaged', severity: 'warning', message }]
  }
  if (record.state === 'finished') return left
  const watched = await endWatch(context, record, { late: true })
  left.push(...watched.findings)
  const sections = readSections(context.environment.backupDest)
  const zero = section(sections, 0)
  const made =
    zero !== undefined && sectionZeroChange(record.sectionZero ?? undefined, sections, record.numRotations) !== 'same'
  const ended = `The run that began at ${record.startedAt} ended without its post-backup hook`
  const { paused } = watched
  if (!made) {
    const said = { verdict: 'not-backed-up' as const, reason: 'the run ended early and made no section' }
    const told = tellRun(context, { record, phase: 'late', images: said, paused })
    writeRecord(context.stateFolder, finished(context, record))
    return [...left, ...told, { code: 'run-unfinished', severity: 'info', message: `${ended} and made no section.` }]
  }
  const { images, findings } = await settleSection(context, record, zero, { late: true, seen: watched.words })
  const told = tellRun(context, { record, phase: 'late', images, paused })
  writeRecord(context.stateFolder, finished(context, record))
  const loud = images.filter(({ loudness }) => loudness !== 'fine')
  return [
    ...left,
    {
      code: 'run-unfinished',
      severity: 'warning',
      message: `${ended}; its ${count(images.length, 'copy', 'copies')} in Section.0 ${images.length === 1 ? 'was' : 'were'} looked at now.`,
      cure: 'Set post_actions_on_backup_error="YES" in LBackup\'s configuration, and read its log of that night.',
    },
    ...loud.map(({ path, verdict, loudness, reason }) => ({
      code: 'late-verdict',
      severity: loudness === 'error' ? ('error' as const) : ('warning' as const),
      message: `In that run, ${path} is ${verdict}: ${reason}.`,
    })),
    ...findings,
    ...told,
  ]
}

/** Given a run that is halted before it could look, note the one before it, whose record it replaces. */
export function noteUnlooked(context: RunContext): void {
  const record = readRecord(context.stateFolder)
  if (record === undefined || isDamaged(record) || record.state === 'finished' || record.id === context.runId) return
  const reason = 'the run ended without its post-backup hook, and its copy could not be looked at'
  tellRun(context, { record, phase: 'late', images: { verdict: 'not-judged-yet', reason }, paused: notPaused })
}
