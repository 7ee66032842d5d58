import { OperationalError } from '../finding/operational-error.js'
import type { Report } from '../generated/report.js'
import type { SlotStatus } from '../generated/status.js'
import { readHistory } from '../daemon/notebook.js'
import { sinceLastRun } from '../daemon/since-last-run.js'
import { readBook } from '../keep/book.js'
import type { Sections } from '../lbackup/sections.js'
import { reportLines } from '../report/lines.js'
import { reportTable } from '../report/table.js'
import { printable } from '../text/printable.js'
import type { RunContext } from './context.js'
import { isGone, volumesOfImages } from './gone.js'
import { handOn } from './hand-on.js'
import { keptStatus } from './kept-status.js'
import { originOf } from './origin.js'
import { readableSections } from './readable-sections.js'
import { nextStatus, type StatusFacts } from './next-status.js'
import { fitted, tooMany } from './fitted.js'
import { isDamaged, readStatus, writeReport, writeStatus } from './record.js'

/** Given the run, return what earlier runs knew of each slot; nothing where that cannot be read. */
export function knownSlots(context: Pick<RunContext, 'stateFolder'>): readonly SlotStatus[] {
  const status = readStatus(context.stateFolder)
  return status === undefined || isDamaged(status) ? [] : status.slots
}

/**
 * Given the finished report, tell everybody: the terminal and LBackup's log first, so that no full disk swallows the
 * verdict, then report.json, status.json and the command of the configuration. Nothing that fails changes the verdict;
 * it is said. Only a pre hook that cannot write throws: without its records the post hook would be blind.
 */
export async function publish(context: RunContext, judged: Report, storeId: string | null): Promise<Report> {
  const { environment, stateFolder } = context
  const sections = readableSections(context)
  const origin = originOf(context.config, context.source)
  const status = readStatus(stateFolder)
  const before = status === undefined || isDamaged(status) ? undefined : status
  const report = withHistory(stateFolder, judged, before?.lastRun?.finishedAt)
  const configuration = printable(environment.configurationFile)
  const whole = nextStatus(report, before, {
    configuration,
    stateFolder: printable(stateFolder),
    storeId,
    node: process.execPath,
    source: printable(context.source.path),
    sectionZero: sections?.sections.find(({ number }) => number === 0)?.inode,
    volumes: environment.useSSH ? new Map() : volumesOfImages(origin, report.images),
    isGone: (slot) => environment.useSSH || isGone(origin, slot),
    ...whatIsKept(context, sections),
  })
  const { document: next, leftOut } = fitted(whole, 'slots')
  const lines = reportLines(report, {
    now: context.system.now(),
    slots: next.slots,
    sections: sections?.sections,
    configuration,
  })
  context.print(reportTable(report))
  const writes = [
    () => context.log(lines),
    () => writeReport(stateFolder, report),
    () => writeStatus(stateFolder, next),
  ]
  for (const write of writes) {
    try {
      write()
    } catch (error) {
      if (!(error instanceof OperationalError) || report.phase === 'pre') throw error
      sayAnyhow(context, `${error.message} ${error.cure}`)
    }
  }
  for (const { message, cure = '' } of tooMany(leftOut, 'status.json')) sayAnyhow(context, `${message} ${cure}`)
  const failure = await handOn(context.config.report, report)
  if (failure !== undefined) sayAnyhow(context, failure)
  return report
}

/** Given the run, return what is kept of each slot. That it cannot be told must not keep the verdict from being told. */
export function whatIsKept(
  { stateFolder, environment }: RunContext,
  sections: Sections | undefined,
): Pick<StatusFacts, 'kept'> {
  if (sections === undefined) return {}
  try {
    const book = readBook(stateFolder)
    if (book === undefined || 'damaged' in book) return {}
    return { kept: keptStatus(book, environment.backupDest, sections) }
  } catch (error) {
    if (error instanceof OperationalError) return {}
    throw error
  }
}

/** With what the daemon saw since the last run, told once: by the pre hook. */
function withHistory(stateFolder: RunContext['stateFolder'], report: Report, lastRun: string | undefined): Report {
  if (report.phase !== 'pre') return report
  try {
    return { ...report, findings: [...report.findings, ...sinceLastRun(readHistory(stateFolder), lastRun)] }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const { message, cure } = error
    const unread = `What the daemon saw since the last run cannot be read. ${message}`
    const finding = { code: 'history-unreadable', severity: 'info', message: unread, cure } as const
    return { ...report, findings: [...report.findings, finding] }
  }
}

/** The terminal comes first: where the log is what cannot be written, it is said there at least. */
function sayAnyhow(context: RunContext, text: string): void {
  try {
    context.say({ loudness: 'warning', text })
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
  }
}
