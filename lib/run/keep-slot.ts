import type { CopyLabel } from '../generated/copy.js'
import type { ReportedFinding, ReportImage } from '../generated/report.js'
import type { RunImage } from '../generated/run.js'
import type { KnownCopy, SlotBook } from '../generated/slots.js'
import { OperationalError } from '../finding/operational-error.js'
import { copiesOf, withCopy } from '../keep/book.js'
import { isCopyChanged, withDoubt } from '../keep/copy-changed.js'
import { dropWrong } from '../keep/drop-wrong.js'
import { keepOlder, planOlder, type OlderPlan } from '../keep/older-copy.js'
import type { ReadmeEvent } from '../keep/readme.js'
import { stand } from '../keep/standing.js'
import { fromPrintable } from '../text/printable.js'
import { isMissing, judgeNotCopied } from './judge.js'
import { placeIn, type LookedAt } from './look-at-section.js'
import { labelOf, takenAt } from './label.js'
import { recordCopy } from './record-copy.js'
import { placeAtRest } from './place-at-rest.js'
import type { JudgedCopy, SettleRequest } from './settle-type.js'

interface Slot {
  readonly image: RunImage
  /** undefined: it was not to be copied. */
  readonly looked: LookedAt | undefined
  readonly judged: JudgedCopy | undefined
  readonly book: SlotBook
}

interface KeptSlot {
  readonly book: SlotBook
  readonly reported?: ReportImage
  readonly event?: ReadmeEvent
  readonly findings: readonly ReportedFinding[]
}

/** Left out by us, not by the administrator and not because it lies elsewhere. */
const ourWish = new Set(['in-use', 'still-in-use', 'usage-unknown', 'not-staged'])

/** Given one image of the plan and its copy, see to it that what lies at its place is the best there is. */
export function keepSlot(request: SettleRequest, slot: Slot): KeptSlot {
  const { image, judged } = slot
  const reported = judged?.reported ?? judgeNotCopied(image, request.look)
  const state = stateOf(slot)
  if (state === undefined) return { book: slot.book, reported, findings: [] }
  let { book } = slot
  const findings: ReportedFinding[] = []
  // A copy that turns out not to be what was checked is never tried again as such, so this comes to an end.
  for (;;) {
    const plan = planOlder({ state, identity: image.identity }, olderCopies(request, image, book))
    if (plan.kind !== 'place') return withFindings(stay(request, { ...slot, book }, reported, plan), findings)
    try {
      return withFindings(place(request, { ...slot, book }, reported, plan), findings)
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      if (!isCopyChanged(error) || plan.copy.known.opened !== undefined) {
        findings.push(notPlaced(image, error))
        // Tonight's own copy is known all the same, however bad it is.
        const known = judged === undefined ? book : withTonights(request, image, reported, book)
        return { book: known, reported: { ...reported, kept: { done: 'failed' } }, findings }
      }
      findings.push({ code: 'copy-opened', severity: 'warning', message: error.message, cure: error.cure })
      book = withCopy(book, withDoubt(plan.copy.known, request.context.system.now()))
    }
  }
}

const withFindings = (kept: KeptSlot, findings: readonly ReportedFinding[]): KeptSlot => ({
  ...kept,
  findings: [...findings, ...kept.findings],
})

const notPlaced = ({ path }: RunImage, { message, cure }: OperationalError): ReportedFinding => ({
  code: 'keep-failed',
  severity: 'error',
  message: `The newest good copy of ${path} could not be put in its place. ${message}`,
  cure,
})

function olderCopies({ context, history, look }: SettleRequest, image: RunImage, book: SlotBook) {
  const { backupDest } = context.environment
  return copiesOf(book, image.slot)
    .flatMap((known) => stand(known, backupDest, history.sections) ?? [])
    .filter(({ section }) => section?.inode !== look.section.inode)
}

function stateOf({ image, looked, judged }: Slot): 'absent' | 'bad' | 'fair' | undefined {
  if (looked === undefined || judged === undefined) {
    const { action, code } = image.decision
    return action === 'leave-out' && ourWish.has(code) && image.copyPath !== null ? 'absent' : undefined
  }
  if (isMissing(looked.copy) && !judged.repaired) return 'absent'
  return judged.reported.verdict === 'bad' ? 'bad' : 'fair'
}

/** What lies at the place stays: it is fair, or nothing better is known, or nothing is known at all. */
function stay(
  request: SettleRequest,
  slot: Slot,
  reported: ReportImage,
  { kind }: Exclude<OlderPlan, { kind: 'place' }>,
): KeptSlot {
  const { image, judged, book } = slot
  if (kind === 'nothing') {
    const isThere = stateOf(slot) === 'fair' && judged !== undefined
    if (!isThere) return { book, reported, findings: [] }
    return { ...recordCopy(request, image, reported, judged.proof?.manifest, book), reported }
  }
  const wrong = judged?.proof?.wrong.flatMap(({ kind, members }) => (kind === 'missing' ? [] : members)) ?? []
  const findings = wrong.length > 0 ? drop(request, image, wrong) : []
  const marked = recordCopy(request, image, reported, undefined, book)
  const event: ReadmeEvent = {
    done: 'unproven',
    path: image.path,
    madeAt: request.look.record.startedAt,
    verdict: 'bad',
    because: reported.reason,
  }
  const told = {
    ...reported,
    reason: `${reported.reason}; no better copy is known, so it stays, unproven`,
    kept: { done: 'unproven' as const },
  }
  return { book: marked.book, reported: told, event, findings: [...findings, ...marked.findings] }
}

/** Not to be able to is no loss tonight: they are only handed on to the next section. */
function drop(
  { context, look, deadline }: SettleRequest,
  image: RunImage,
  members: readonly string[],
): ReportedFinding[] {
  if (look.section.kind !== 'folder') return []
  try {
    dropWrong({
      section: look.section,
      image: placeIn(look.section, image),
      copyPath: fromPrintable(image.copyPath ?? ''),
      container: image.container,
      bytes: image.bytes,
      members: members as Parameters<typeof dropWrong>[0]['members'],
      backupDest: context.environment.backupDest,
      runId: context.runId,
      slot: image.slot,
      deadline,
    })
    return []
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const message = `The wrong members of the copy of ${image.path} could not be taken out. ${error.message}`
    return [{ code: 'keep-failed', severity: 'error', message, cure: error.cure }]
  }
}

function place(
  request: SettleRequest,
  { image, book }: Slot,
  reported: ReportImage,
  { copy, setAside }: Extract<OlderPlan, { kind: 'place' }>,
): KeptSlot {
  const { context, look } = request
  const known = keepOlder({
    copy,
    section: look.section,
    copyPath: fromPrintable((setAside ? image.copyPath : placeAtRest(look.record, image)) ?? ''),
    ...(setAside ? { bad: badLabel(request, image, reported) } : {}),
    backupDest: context.environment.backupDest,
    runId: context.runId,
  })
  return { book: withCopy(book, known), ...placed(image, reported, known, setAside), findings: [] }
}

function placed(
  image: RunImage,
  reported: ReportImage,
  { label: { madeAt, verdict } }: KnownCopy,
  setAside: boolean,
): Pick<KeptSlot, 'reported' | 'event'> {
  const proven = verdict === 'proven'
  const which = proven ? 'the newest good copy' : 'the best known copy (never proven)'
  const done = setAside ? 'set-aside' : 'older-copy'
  return {
    reported: {
      ...reported,
      reason: `${reported.reason}; ${which}, of ${madeAt}, lies at its place${setAside ? ', and the bad one was set aside' : ''}`,
      kept: { done, madeAt, proven },
    },
    event: { done, path: image.path, madeAt, verdict, because: reported.reason },
  }
}

const badLabel = ({ look }: SettleRequest, image: RunImage, reported: ReportImage): CopyLabel => ({
  ...labelOf(look.record, image, reported, takenAt(look.record, image)),
  schema: 'copy/1',
  manifest: null,
})

function withTonights(request: SettleRequest, image: RunImage, reported: ReportImage, book: SlotBook): SlotBook {
  return recordCopy(request, image, reported, undefined, book).book
}
