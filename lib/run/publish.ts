import type { Report, ReportImage } from '../generated/report.js'
import type { SlotStatus, Status } from '../generated/status.js'
import { reportLines, type ReportLine } from '../report/lines.js'
import { reportTable } from '../report/table.js'
import { run } from '../system/process.js'
import { printable } from '../text/printable.js'
import type { RunContext } from './context.js'
import { isDamaged, readStatus, writeReport, writeStatus } from './record.js'

/** Given the run, return what earlier runs knew of each slot; nothing where that cannot be read. */
export function knownSlots(context: Pick<RunContext, 'stateFolder'>): readonly SlotStatus[] {
  const status = readStatus(context.stateFolder)
  return status === undefined || isDamaged(status) ? [] : status.slots
}

/**
 * Given the finished report, tell everybody: LBackup's log, the terminal, report.json, status.json, and the command of
 * the configuration. Nothing that fails here changes the verdict; it is said.
 */
export async function publish(context: RunContext, report: Report, storeId: string | null): Promise<Report> {
  const slots = knownSlots(context)
  const background = {
    now: context.system.now(),
    slots,
    configuration: printable(context.environment.configurationFile),
  }
  writeReport(context.stateFolder, report)
  writeStatus(context.stateFolder, nextStatus(context, report, slots, storeId))
  context.log(reportLines(report, background))
  context.print(reportTable(report))
  const failure = await callCommand(context, report)
  if (failure !== undefined) context.say(failure)
  return report
}

function nextStatus(context: RunContext, report: Report, slots: readonly SlotStatus[], storeId: string | null): Status {
  const { id, startedAt, finishedAt, severity, summary } = { id: report.run, ...report }
  const last = { id, startedAt, finishedAt, severity, summary, post: report.phase !== 'pre' }
  const before = readStatus(context.stateFolder)
  const lastPost = last.post ? last : before === undefined || isDamaged(before) ? undefined : before.lastPost
  return {
    schema: 'status/1',
    configuration: printable(context.environment.configurationFile),
    stateFolder: printable(context.stateFolder),
    storeId,
    lastRun: last,
    ...(lastPost === undefined ? {} : { lastPost }),
    slots: lookedAtNothing(report) ? slots : nextSlots(report, slots),
    hookEnvironment: {
      node: process.execPath,
      readableRoots: [printable(context.source.path)],
      unreadable: report.findings.filter(({ code }) => code === 'unreadable').map(({ message }) => message),
      at: report.finishedAt,
    },
  }
}

/** What was known of the images stays known where none was looked at: of a remote source, and after a failed backup. */
const lookedAtNothing = ({ phase, images, findings }: Report): boolean =>
  images.length === 0 && (phase === 'pre' || findings.some(({ code }) => code === 'no-new-section'))

/** A pre hook plans and judges nothing: what is known of a copy stays. */
function nextSlots(report: Report, slots: readonly SlotStatus[]): SlotStatus[] {
  return report.images.map((image) => {
    const known = slots.find(({ slot }) => slot === image.slot)
    return image.verdict === 'not-judged-yet' && known !== undefined ? known : slotStatus(image, report, known)
  })
}

function slotStatus(image: ReportImage, report: Report, known: SlotStatus | undefined): SlotStatus {
  const complete = image.verdict === 'complete' || image.verdict === 'proven'
  const lastCompleteAt = complete ? report.finishedAt : known?.lastCompleteAt
  return {
    slot: image.slot,
    path: image.path,
    user: image.user,
    lastVerdict: image.verdict,
    lastAt: report.finishedAt,
    ...(lastCompleteAt === undefined ? {} : { lastCompleteAt }),
    reason: image.reason,
  }
}

async function callCommand(
  { config: { report: channel } }: RunContext,
  report: Report,
): Promise<ReportLine | undefined> {
  const [file, ...args] = channel.command
  if (file === undefined || (channel.on === 'problem' && report.severity === 'fine')) return undefined
  const result = await run({
    file,
    args,
    input: `${JSON.stringify(report)}\n`,
    timeoutSeconds: channel.commandSeconds,
    maxOutputBytes: 1024 * 1024,
  })
  if (result.exitCode === 0) return undefined
  const why = result.timedOut
    ? `took longer than ${String(channel.commandSeconds)} s`
    : (result.startError ?? `ended with ${String(result.exitCode ?? result.signal)}`)
  return { loudness: 'warning', text: `The report could not be handed on: ${file} ${why}. Correct report.command.` }
}
