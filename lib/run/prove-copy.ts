import type { ReportProof } from '../generated/report.js'
import { prove } from '../prove/prove.js'
import type { Proof, TrustedCopy } from '../prove/proof-type.js'
import { lookAt } from '../system/file.js'
import { fromPrintable, printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { proofWords } from '../verify/proof-words.js'
import { changedMeanwhile, type LookedAt, type ProvenOrNot, type SectionLook } from './judge.js'

const shown = 20

/** HFS+ keeps whole seconds; finer volumes lose nothing by being taken for as coarse. */
export const granularityMilliseconds = 1000

/** Given what was seen of an image and its copy, compare their bytes. Times in milliseconds since 1970. */
export function proveCopy(
  { record }: Pick<SectionLook, 'record'>,
  looked: LookedAt,
  trusted: readonly TrustedCopy[],
  { copiedBefore, deadline }: { readonly copiedBefore: number; readonly deadline: number },
): Promise<Proof> {
  return prove({
    source: fromPrintable(looked.image.path),
    copy: looked.place,
    container: looked.image.container,
    lookedBefore: Date.parse(record.startedAt),
    copiedBefore,
    still: changedMeanwhile(looked) === false,
    trusted,
    granularity: granularityMilliseconds,
    deadline,
  })
}

/**
 * Given a section and when this hook started, return when rsync had ended, milliseconds since 1970: when LBackup gave
 * its folder the section's name, which the folder's ctime tells. To be asked before anything is written into the
 * section; a volume of another machine has a clock of its own, so that the hook's start is the latest.
 */
export const rsyncEnded = (section: RawPath, startedAt: Date): number =>
  Math.min(lookAt(section)?.ctimeMs ?? 0, startedAt.getTime())

/** Given a proof, return what the report says of it. */
export function reportedProof(proof: Proof): ProvenOrNot {
  const { result, counts, wrong } = proof
  const reported: ReportProof = {
    result,
    members: counts.members,
    checked: counts.checked,
    read: counts.read,
    reused: counts.reused,
    bytesRead: counts.bytesRead,
    seconds: Math.round(counts.seconds * 10) / 10,
    wrong: wrong.map(({ kind, count, members }) => ({ kind, count, members: members.slice(0, shown).map(printable) })),
  }
  return { words: proofWords(proof), reported }
}
