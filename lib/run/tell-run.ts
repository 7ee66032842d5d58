import { OperationalError } from '../finding/operational-error.js'
import type { HistoryLine } from '../generated/history.js'
import type { ReportedFinding, ReportImage } from '../generated/report.js'
import type { RunRecord } from '../generated/run.js'
import { historyLine, type ImageOfRun } from '../report/history-line.js'
import type { Background } from '../report/lines.js'
import { missedFindings } from '../report/missed.js'
import { printable } from '../text/printable.js'
import type { Paused } from '../watch/paused.js'
import type { RunContext } from './context.js'
import { knownSlots, whatIsKept } from './publish.js'
import { readableSections } from './readable-sections.js'
import { appendRun, readRuns } from './run-history.js'

/** How a run ended. */
export interface Ended {
  readonly record: Pick<RunRecord, 'id' | 'startedAt' | 'images'>
  readonly phase: HistoryLine['phase']
  /** The images whose copies were judged; or what is to be said of each image where none was. */
  readonly images: readonly ReportImage[] | Pick<ImageOfRun, 'verdict' | 'reason'>
  readonly paused: Paused
}

/** Given images and for how long rsync was stopped, return the images with that. */
export const withPauses = <Image extends Pick<ImageOfRun, 'slot'>>(
  images: readonly Image[],
  { bySlot }: Paused,
): (Image & Pick<ImageOfRun, 'pausedSeconds'>)[] =>
  images.map((image) => {
    const pausedSeconds = bySlot.get(image.slot)
    return pausedSeconds === undefined ? image : { ...image, pausedSeconds }
  })

/**
 * Given how a run ended, note it in the history and return what is to be said: images that too many runs in a row did not
 * back up, and that it could not be noted. Never throws OperationalError: the verdict on the copies stands.
 */
export function tellRun(context: RunContext, ended: Ended): ReportedFinding[] {
  const { stateFolder, system } = context
  const { record, phase, paused } = ended
  const known = attempt(() => imagesOf(context, ended))
  const images = 'failed' in known ? [] : known.done
  const line = historyLine({
    run: record.id,
    phase,
    startedAt: record.startedAt,
    finishedAt: system.now().toISOString(),
    images,
    pausedSeconds: paused.seconds,
  })
  const before = attempt(() => readRuns(stateFolder))
  const written = attempt(() => appendRun(stateFolder, line))
  const lines = 'failed' in before ? [] : before.done.filter(({ run }) => run !== line.run)
  const missed = attempt(() =>
    missedFindings(images, [...lines, line], {
      warnAfterRuns: context.config.keep.warnAfterRuns,
      phase,
      background: () => backgroundOf(context),
    }),
  )
  return [
    ...('failed' in missed ? [] : missed.done),
    ...[known, before].flatMap((read) => ('failed' in read ? [unreadable(read.failed)] : [])),
    ...('failed' in written ? [unwritten(written.failed)] : []),
  ]
}

/** What the lines of the report will rest on: the status is written after them. */
function backgroundOf(context: RunContext): Background {
  const { environment, system } = context
  const sections = readableSections(context)
  const { kept } = whatIsKept(context, sections)
  return {
    now: system.now(),
    slots: knownSlots(context).map((slot) => ({ ...slot, ...kept?.get(slot.slot) })),
    sections: sections?.sections,
    configuration: printable(environment.configurationFile),
  }
}

/** Each slot once: what a plan says of it comes before what nobody planned. */
function imagesOf(context: RunContext, { record, images, paused }: Ended): ImageOfRun[] {
  const all = 'reason' in images ? unjudged(context, record, images) : images
  const bySlot = new Map<string, ImageOfRun>()
  for (const image of all) if (!bySlot.has(image.slot)) bySlot.set(image.slot, image)
  return withPauses([...bySlot.values()], paused)
}

/** The images of the plan; where it never came to one, those of earlier runs. */
function unjudged(
  context: RunContext,
  { images }: Ended['record'],
  said: Pick<ImageOfRun, 'verdict' | 'reason'>,
): ImageOfRun[] {
  if (images.length === 0) {
    const known = knownSlots(context).filter(({ goneSince }) => goneSince === undefined)
    return known.map(({ slot, path, user }) => ({ slot, path, user, ...said, usedBy: [], waitedSeconds: 0 }))
  }
  return images.map((image) => ({
    ...image,
    ...said,
    // What kept the image itself out says more than what ended the run.
    ...(['leave-out', 'halt'].includes(image.decision.action) ? { reason: image.decision.reason } : {}),
    usedBy: image.usage.usedBy,
  }))
}

function attempt<Result>(action: () => Result): { readonly done: Result } | { readonly failed: OperationalError } {
  try {
    return { done: action() }
  } catch (error) {
    if (error instanceof OperationalError) return { failed: error }
    throw error
  }
}

const unreadable = ({ message, cure }: OperationalError): ReportedFinding => ({
  code: 'history-unreadable',
  severity: 'warning',
  message: `What became of earlier runs cannot be read, so nobody is told what they missed. ${message}`,
  cure,
})

const unwritten = ({ message, cure }: OperationalError): ReportedFinding => ({
  code: 'history-unwritten',
  severity: 'warning',
  message: `What became of this run could not be noted in the history. ${message}`,
  cure,
})
