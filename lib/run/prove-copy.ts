import type { ReportProof } from '../generated/report.js'
import { prove } from '../prove/prove.js'
import type { Proof, TrustedCopy } from '../prove/proof-type.js'
import type { SourceSide } from '../prove/source-side.js'
import { lookAt } from '../system/file.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { proofWords } from '../verify/proof-words.js'
import { changedMeanwhile, type ProvenOrNot } from './judge.js'
import type { LookedAt, SectionLook } from './look-at-section.js'
import { readPath } from './recorded.js'

const shown = 20

/** HFS+ keeps whole seconds; finer volumes lose nothing by being taken for as coarse. */
export const granularityMilliseconds = 1000

export interface ProofOptions {
  readonly side: SourceSide
  readonly copiedBefore: number
  readonly deadline: number
}

/** Given what was seen of an image and its copy, compare their bytes. Times in milliseconds since 1970. */
export function proveCopy(
  { record }: Pick<SectionLook, 'record'>,
  looked: LookedAt,
  trusted: readonly TrustedCopy[],
  { side, copiedBefore, deadline }: ProofOptions,
): Promise<Proof> {
  return prove({
    source: readPath(looked.image),
    side,
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
 * Given a copy and when this hook started, return when rsync was done with it, milliseconds since 1970. It
 * sets the times of a folder after everything in it was copied, which shows in the ctime; LBackup may be busy for long
 * between that and the section's name. A volume of another machine has a clock of its own, so that the hook's start is
 * the latest.
 */
export function copyEnded({ place, image: { container } }: Pick<LookedAt, 'place' | 'image'>, startedAt: Date): number {
  const changed = (path: RawPath): number => lookAt(path)?.ctimeMs ?? 0
  const parts = container === 'sparse-image' ? [] : ['bands', 'mapped']
  const copied = Math.max(changed(place), ...parts.map((part) => changed(join(place, part))))
  return Math.min(copied, startedAt.getTime())
}

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
