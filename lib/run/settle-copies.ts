import type { ReportedFinding, ReportImage } from '../generated/report.js'
import type { RunImage } from '../generated/run.js'
import { OperationalError } from '../finding/operational-error.js'
import { withCopy, writeBook } from '../keep/book.js'
import type { ReadmeEvent } from '../keep/readme.js'
import type { Structure } from '../image/structure-type.js'
import type { Proof } from '../prove/proof-type.js'
import { count } from '../text/measure.js'
import type { Inside } from '../verify/verdict.js'
import { changedMeanwhile, isComparable, judgeCopy, judgeNotCopied, type ProvenOrNot } from './judge.js'
import { readPath } from './recorded.js'
import { proofOrder } from '../verify/proof-order.js'
import { keepSlot } from './keep-slot.js'
import type { LookedAt } from './look-at-section.js'
import { asNoted, notedCopy } from './noted.js'
import { copyEnded, proveCopy, reportedProof } from './prove-copy.js'
import { repairCopy } from './repair-copy.js'
import { trustedCopies } from './trusted-copies.js'
import type { JudgedCopy, Settled, SettleRequest } from './settle-type.js'

/**
 * Given what was seen of a run's section, compare every copy with its image, repair what is wrong, keep the newest good
 * copy where tonight's is missing or bad, and write labels and manifests into the section. An operational failure of one
 * image is a finding of that image; the others go on.
 */
export async function settleCopies(request: SettleRequest): Promise<Settled> {
  const { context, look, history } = request
  let book = history.book
  const images = new Map<string, ReportImage>()
  const findings: ReportedFinding[] = []
  const events: ReadmeEvent[] = []
  for (const image of proofOrder(look.record.images, history.book)) {
    const looked = look.copies.find((copy) => copy.image === image)
    const noted = request.late ? notedCopy(book, image.slot, look) : undefined
    if (noted !== undefined) {
      book = withCopy(book, noted)
      images.set(image.slot, asNoted(looked === undefined ? judgeNotCopied(image, look) : judgeCopy(looked), noted))
      continue
    }
    const judged = looked && (await judgeOne(request, looked))
    const kept = keepSlot(request, { image, looked, judged, book })
    // At once: whatever ends this run, the next one knows what it did.
    if (kept.book !== book) writeBook(context.stateFolder, kept.book)
    book = kept.book
    findings.push(...kept.findings)
    if (kept.event !== undefined) events.push(kept.event)
    else if (judged?.repaired === true) events.push(repairedEvent(judged.reported, image, request))
    if (kept.reported !== undefined) images.set(image.slot, kept.reported)
  }
  return { images, findings, book, events }
}

async function judgeOne(request: SettleRequest, looked: LookedAt): Promise<JudgedCopy> {
  const { context, look, history, deadline } = request
  const { machine } = context
  const plain = async (): Promise<JudgedCopy> => {
    const reported = judgeCopy(looked, undefined, await insideOf(request, looked, looked.copy))
    return { reported, proof: undefined, repaired: false }
  }
  if (!request.compare || machine === undefined || !isComparable(looked) || changedMeanwhile(looked) === undefined)
    return plain()
  try {
    const trusted = trustedCopies(history, looked.image.slot, look.section)
    const side = machine.side({ path: readPath(looked.image), container: looked.image.container })
    const copiedBefore = copyEnded(looked, context.startedAt)
    const proof = await proveCopy(look, looked, trusted, { side, copiedBefore, deadline })
    const proven = reportedProof(proof)
    if (proof.result !== 'wrong') {
      const inside = await insideOf(request, looked, looked.copy)
      return { reported: judgeCopy(looked, proven, inside), proof, repaired: false }
    }
    const reported = judgeCopy(looked, proven)
    if (context.config.repair === 'off') return { reported, proof, repaired: false }
    const repaired = await repairCopy(context, machine, { looked, section: look.section, proof, deadline })
    if ('because' in repaired) return { reported: notRepaired(reported, repaired.because), proof, repaired: false }
    return { reported: await again(request, looked, proven, repaired.proof), proof: repaired.proof, repaired: true }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const reason = `its bytes could not be compared: ${error.message.replace(/\.$/, '')}`
    const { reported, ...rest } = await plain()
    return { ...rest, reported: { ...reported, ...downgraded(reported), reason } }
  }
}

/** Of a copy whose structure is damaged the disk inside tells nothing more. */
async function insideOf(
  { inside }: SettleRequest,
  looked: LookedAt,
  { encryption, counts, findings }: Structure,
): Promise<Inside | undefined> {
  if (inside === undefined || findings.some(({ severity }) => severity === 'error')) return undefined
  const { image, place: path } = looked
  return inside({ path, container: image.container, encryption, counts, image })
}

const downgraded = ({ verdict, loudness }: ReportImage): Pick<ReportImage, 'verdict' | 'loudness'> =>
  verdict === 'complete' ? { verdict, loudness: 'warning' } : { verdict, loudness }

const notRepaired = (reported: ReportImage, because: string): ReportImage => ({
  ...reported,
  reason: `${reported.reason}; it was not repaired: ${because}`,
})

/** What lies in the section now is another image than the one that was looked at. */
async function again(
  request: SettleRequest,
  looked: LookedAt,
  before: ProvenOrNot,
  proof: Proof,
): Promise<ReportImage> {
  const { image, place } = looked
  const [copy = looked.copy] = await request.work.look([
    { path: place, container: image.container, inUse: false, copy: true },
  ])
  const now = reportedProof(proof)
  const reported = judgeCopy({ ...looked, copy }, now, await insideOf(request, looked, copy))
  const wrong = before.reported.wrong
  const members = wrong.reduce((sum, one) => sum + one.count, 0)
  return {
    ...reported,
    reason: `${count(members, 'member')} of the copy ${members === 1 ? 'was' : 'were'} wrong and copied again (${before.words.says}); ${reported.reason}`,
    proof: {
      ...now.reported,
      wrong,
      read: now.reported.read + before.reported.read,
      bytesRead: now.reported.bytesRead + before.reported.bytesRead,
      seconds: now.reported.seconds + before.reported.seconds,
    },
    kept: { done: 'repaired' },
  }
}

function repairedEvent({ reason }: ReportImage, image: RunImage, { context }: SettleRequest): ReadmeEvent {
  const madeAt = context.startedAt.toISOString()
  return {
    done: 'repaired',
    path: image.path,
    madeAt,
    verdict: 'proven',
    because: reason.replace(/^.*?\((.*)\);.*$/, '$1'),
  }
}
