import type { ReportedFinding, ReportImage } from '../generated/report.js'
import type { RunImage } from '../generated/run.js'
import type { SlotBook } from '../generated/slots.js'
import { OperationalError } from '../finding/operational-error.js'
import { withCopy } from '../keep/book.js'
import { dropWrong } from '../keep/drop-wrong.js'
import { keepOlder, planOlder, type OlderPlan } from '../keep/older-copy.js'
import type { ReadmeEvent } from '../keep/readme.js'
import { standing } from '../keep/standing.js'
import { fromPrintable } from '../text/printable.js'
import { isMissing, judgeNotCopied, placeIn, type LookedAt } from './judge.js'
import { recordCopy } from './record-copy.js'
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
const ourWish = new Set(['in-use', 'still-in-use', 'usage-unknown'])

/** Given one image of the plan and its copy, see to it that what lies at its place is the best there is. */
export function keepSlot(request: SettleRequest, slot: Slot): KeptSlot {
  const { image, judged, book } = slot
  const reported = judged?.reported ?? judgeNotCopied(image, request.look)
  const state = stateOf(slot)
  if (state === undefined) return { book, reported, findings: [] }
  try {
    const others = standing(book, request.context.environment.backupDest, request.history.sections)
    const copies = others.copies.filter(({ known, section }) => {
      return known.label.slot === image.slot && section?.inode !== request.look.section.inode
    })
    const plan = planOlder({ state, identity: image.identity }, copies)
    return carryOut(request, slot, reported, plan)
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const message = `The newest good copy of ${image.path} could not be put in its place. ${error.message}`
    const finding = { code: 'keep-failed', severity: 'error' as const, message, cure: error.cure }
    return { book, reported: { ...reported, kept: { done: 'failed' } }, findings: [finding] }
  }
}

function stateOf({ image, looked, judged }: Slot): 'absent' | 'bad' | 'fair' | undefined {
  if (looked === undefined || judged === undefined) {
    const { action, code } = image.decision
    return action === 'leave-out' && ourWish.has(code) && image.copyPath !== null ? 'absent' : undefined
  }
  if (isMissing(looked.copy) && !judged.repaired) return 'absent'
  return judged.reported.verdict === 'bad' ? 'bad' : 'fair'
}

function carryOut(request: SettleRequest, slot: Slot, reported: ReportImage, plan: OlderPlan): KeptSlot {
  const { image, judged, book } = slot
  if (plan.kind === 'place') return place(request, slot, reported, plan)
  const manifest = judged?.proof?.manifest
  if (plan.kind === 'nothing') {
    const isThere = judged !== undefined && judged.reported.verdict !== 'bad' && stateOf(slot) === 'fair'
    return { book: isThere ? recordCopy(request, image, reported, manifest, book) : book, reported, findings: [] }
  }
  const wrong = judged?.proof?.wrong.flatMap(({ kind, members }) => (kind === 'missing' ? [] : members)) ?? []
  if (wrong.length > 0) drop(request, image, wrong)
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
  return { book: marked, reported: told, event, findings: [] }
}

function drop({ context, look }: SettleRequest, image: RunImage, members: readonly string[]): void {
  if (look.section.kind !== 'folder') return
  dropWrong({
    section: look.section,
    image: placeIn(look.section, image),
    copyPath: fromPrintable(image.copyPath ?? ''),
    container: image.container,
    members: members as Parameters<typeof dropWrong>[0]['members'],
    backupDest: context.environment.backupDest,
    runId: context.runId,
    slot: image.slot,
  })
}

function place(
  { context, look }: SettleRequest,
  { image, book }: Slot,
  reported: ReportImage,
  { copy, setAside }: Extract<OlderPlan, { kind: 'place' }>,
): KeptSlot {
  const known = keepOlder({
    copy,
    section: look.section,
    // While a FileVault user is logged in his image lies in the hidden home; its place is where it lies at rest.
    copyPath: fromPrintable(setAside ? (image.copyPath ?? '') : copy.known.label.copyPath),
    setAside,
    backupDest: context.environment.backupDest,
    runId: context.runId,
  })
  const { madeAt, verdict } = known.label
  const proven = verdict === 'proven'
  const which = proven ? 'the newest good copy' : 'the best known copy (never proven)'
  return {
    book: withCopy(book, known),
    reported: {
      ...reported,
      reason: `${reported.reason}; ${which}, of ${madeAt}, lies at its place${setAside ? ', and the bad one was set aside' : ''}`,
      kept: { done: setAside ? 'set-aside' : 'older-copy', madeAt, proven },
    },
    event: { done: setAside ? 'set-aside' : 'older-copy', path: image.path, madeAt, verdict, because: reported.reason },
    findings: [],
  }
}
