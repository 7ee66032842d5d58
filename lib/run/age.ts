import type { ReportImage } from '../generated/report.js'
import type { Config } from '../generated/config.js'
import type { KnownCopy } from '../generated/slots.js'
import { grade } from '../keep/best.js'
import { duration } from '../text/measure.js'

const daySeconds = 86_400

/**
 * Given an image of the report, the copies that stand of its slot and how old the newest good one may be, return the image
 * as loud as that asks for. Good is what was proven; where bytes are not compared at all, a right structure is the best
 * there is.
 */
export function withAge(
  image: ReportImage,
  copies: readonly KnownCopy[],
  { keep, compared, now }: { keep: Config['keep']; compared: boolean; now: Date },
): ReportImage {
  if (image.loudness === 'error' || !isCovered(image)) return image
  const good = copies.filter((copy) => grade(copy) >= (compared ? 3 : 2))
  const newest = Math.max(...good.map(({ label }) => Date.parse(label.madeAt)))
  if (good.length === 0) {
    if (image.verdict !== 'not-backed-up') return image
    const why = copies.length === 0 ? 'there is no older copy of it' : 'no copy of it was ever proven'
    return { ...image, loudness: 'warning', reason: `${image.reason}; ${why}` }
  }
  const days = (now.getTime() - newest) / 1000 / daySeconds
  if (days <= Math.min(keep.warnAfterDays, keep.errorAfterDays)) return image
  const reason = `${image.reason}; its newest good copy is ${duration(days * daySeconds)} old`
  return { ...image, loudness: days > keep.errorAfterDays ? 'error' : 'warning', reason }
}

/** Left out because it lies elsewhere, or because the administrator says so: no copy is expected of us. */
const isCovered = ({ decision, verdict }: ReportImage): boolean =>
  verdict !== 'not-backed-up' || ['in-use', 'still-in-use', 'usage-unknown'].includes(decision?.code ?? '')
