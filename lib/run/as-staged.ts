import type { RunImage, StagedImage } from '../generated/run.js'
import { loudest } from '../report/severity.js'
import type { Judgement } from '../verify/verdict.js'

/**
 * Given the verdict on a copy as of what rsync read, the image of the plan and what was seen to happen to it while rsync
 * ran, return the verdict on the image: as of when it was frozen, and only suspect where that is no one moment.
 */
export function asStaged(judgement: Judgement, image: RunImage, seen: string | undefined): Judgement {
  const { staged } = image
  if (staged === undefined || judgement.verdict === 'bad' || judgement.verdict === 'not-backed-up') return judgement
  const then = asOf(judgement, staged, image, seen)
  if (staged.notFrozenAnew === undefined) return then
  // Whoever keeps his image from being frozen would be backed up as of one day for ever, without a word.
  const reason = `${then.reason}; it could not be frozen anew: ${staged.notFrozenAnew}`
  return { ...then, loudness: loudest(['warning', then.loudness]), reason }
}

function asOf(judgement: Judgement, staged: StagedImage, { usage }: RunImage, seen: string | undefined): Judgement {
  const { kind, takenAt, atRestSince, frozenBefore } = staged
  if (kind === 'hard-link' || kind === 'bind') return judgement
  const { verdict, reason } = judgement
  if (kind === 'snapshot') {
    const used =
      usage.state === 'detached' || atRestSince !== undefined
        ? ''
        : `, while it was ${usage.state.replaceAll('-', ' ')}, as after a power cut`
    return { ...judgement, reason: `${reason}; as of a snapshot of ${takenAt}${used}` }
  }
  if (atRestSince === undefined) {
    const because = 'it was cloned file by file while something may have used it, which gives no one moment'
    const found = verdict === 'proven' ? `the copy is that clone: ${reason}` : reason
    return { verdict: 'suspect', loudness: 'warning', reason: `${because}; ${found}` }
  }
  const then = frozenBefore === true || seen !== undefined ? `; as of ${atRestSince}, when nothing used it` : ''
  const since = then === '' || seen === undefined ? '' : ` (while rsync ran, the image ${seen})`
  return { ...judgement, reason: `${reason}${then}${since}` }
}
