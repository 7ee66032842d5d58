import type { Report, ReportImage } from '../generated/report.js'
import type { SlotStatus, Status } from '../generated/status.js'

/** What a status says besides the report. Paths as printable text. */
export interface StatusFacts {
  readonly configuration: string
  readonly stateFolder: string
  readonly storeId: string | null
  readonly node: string
  readonly source: string
  /** Inode of Section.0 as it is now. */
  readonly sectionZero: number | undefined
  /** By slot: whether the image's folder lies on the volume of the source. */
  readonly volumes: ReadonlyMap<string, boolean>
  /** Tells of a slot whose image was not found whether it is gone, or could only not be looked for. */
  readonly isGone: (slot: SlotStatus) => boolean
  /** By slot: which copies are the best known, and what keeping them costs. */
  readonly kept?: ReadonlyMap<string, Pick<SlotStatus, 'kept' | 'drill'>>
}

/** Given a report, the status before it and facts, return the status after it. */
export function nextStatus(report: Report, before: Status | undefined, facts: StatusFacts): Status {
  const { startedAt, finishedAt, severity, summary } = report
  const { waitedSeconds, pausedSeconds } = report.counts
  const last = {
    id: report.run,
    startedAt,
    finishedAt,
    severity,
    summary,
    post: report.phase !== 'pre',
    ...(waitedSeconds > 0 ? { waitedSeconds } : {}),
    ...(pausedSeconds > 0 ? { pausedSeconds } : {}),
  }
  const lastPost = last.post ? last : before?.lastPost
  const slots = before?.slots ?? []
  const unreadable = report.findings.filter(({ code }) => code === 'unreadable').map(({ message }) => message)
  return {
    schema: 'status/1',
    configuration: facts.configuration,
    stateFolder: facts.stateFolder,
    storeId: facts.storeId,
    lastRun: last,
    ...(lastPost === undefined ? {} : { lastPost }),
    slots: (lookedAtNothing(report) ? slots : nextSlots(report, slots, facts)).map((slot) => withKept(slot, facts)),
    hookEnvironment: {
      node: facts.node,
      readableRoots: unreadable.length === 0 ? [facts.source] : [],
      unreadable,
      at: finishedAt,
    },
  }
}

/** Copies rotate away and somebody may forget them: what was known last time says nothing. */
function withKept(status: SlotStatus, { kept }: StatusFacts): SlotStatus {
  const known = { ...status }
  delete known.kept
  delete known.drill
  return { ...known, ...kept?.get(status.slot) }
}

/** What was known of the images stays known where none was looked at: after a halt, and after a failed backup. */
const lookedAtNothing = ({ phase, images, findings }: Report): boolean =>
  images.length === 0 && (phase === 'pre' || findings.some(({ code }) => code === 'no-new-section'))

/** A slot whose image is gone stays: its copies are still there, and how old the newest complete one is must be told. */
function nextSlots(report: Report, slots: readonly SlotStatus[], facts: StatusFacts): SlotStatus[] {
  const seen = report.images.map((image) => {
    const known = slots.find(({ slot }) => slot === image.slot)
    return slotStatus(image, report, known, facts)
  })
  const gone = slots
    .filter(({ slot }) => !report.images.some((image) => image.slot === slot))
    .map((slot) =>
      slot.goneSince === undefined && facts.isGone(slot) ? { ...slot, goneSince: report.finishedAt } : slot,
    )
  return [...seen, ...gone]
}

function slotStatus(
  image: ReportImage,
  report: Report,
  known: SlotStatus | undefined,
  { sectionZero, volumes }: StatusFacts,
): SlotStatus {
  const { slot, path, user, verdict, reason } = image
  // A pre hook plans and judges nothing: what is known of a copy stays, but the image is there again.
  const onSourceVolume = volumes.get(slot) ?? known?.onSourceVolume
  const where = onSourceVolume === undefined ? {} : { onSourceVolume }
  const firstSeenAt = known?.firstSeenAt ?? report.startedAt
  if (verdict === 'not-judged-yet' && known !== undefined) {
    const there = { ...known, path, user, firstSeenAt, ...where }
    delete there.goneSince
    return there
  }
  const complete = verdict === 'complete' || verdict === 'proven'
  const at = complete ? report.finishedAt : known?.lastCompleteAt
  const section = complete ? sectionZero : known?.lastCompleteSection
  return {
    slot,
    path,
    user,
    firstSeenAt,
    ...where,
    lastVerdict: verdict,
    lastAt: report.finishedAt,
    ...(at === undefined ? {} : { lastCompleteAt: at }),
    ...(section === undefined ? {} : { lastCompleteSection: section }),
    reason,
  }
}
