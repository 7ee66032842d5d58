import type { ReportedFinding } from '../generated/report.js'
import { takeBlockOut } from '../link/apply.js'
import { readSections, section, sectionZeroChange } from '../lbackup/sections.js'
import { count } from '../text/measure.js'
import { judgeSection } from './judge.js'
import type { RunContext } from './context.js'
import { isDamaged, readRecord, writeRecord } from './record.js'
import { workHere } from './work.js'

/**
 * Given the run, put right what a run without a post hook left: its excludes block is taken out, and if it made a section
 * that nobody judged, its copies are judged now. Returns what is to be said of it.
 */
export async function reconcile(context: RunContext): Promise<ReportedFinding[]> {
  const { changed } = takeBlockOut(context.excludesFile)
  const left: ReportedFinding[] = changed
    ? [
        {
          code: 'block-left-over',
          severity: 'info',
          message: 'Our block of an earlier run was still in the excludes file; it was taken out.',
        },
      ]
    : []
  const record = readRecord(context.stateFolder)
  if (record === undefined) return left
  if (isDamaged(record)) {
    const message = `The record of the last run cannot be used (${record.damaged}); its copies are not judged.`
    return [...left, { code: 'record-damaged', severity: 'warning', message }]
  }
  if (record.state === 'finished') return left
  const sections = readSections(context.environment.backupDest)
  const zero = section(sections, 0)
  const made =
    zero !== undefined && sectionZeroChange(record.sectionZero ?? undefined, sections, record.numRotations) !== 'same'
  writeRecord(context.stateFolder, { ...record, state: 'finished', finishedAt: context.system.now().toISOString() })
  const ended = `The run that began at ${record.startedAt} ended without its post-backup hook`
  if (!made) return [...left, { code: 'run-unfinished', severity: 'info', message: `${ended} and made no section.` }]
  const { images, findings } = await judgeSection(record, zero, workHere)
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
  ]
}
