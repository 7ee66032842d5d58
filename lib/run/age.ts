import type { ReportImage } from '../generated/report.js'
import type { Config } from '../generated/config.js'
import type { KnownCopy } from '../generated/slots.js'
import { grade, grades } from '../keep/best.js'
import { duration } from '../text/measure.js'

const daySeconds = 86_400

type Ages = Pick<Config['keep'], 'warnAfterDays' | 'errorAfterDays'>

export interface AgeFacts {
  readonly keep: Ages
  /** Bytes are compared, so that only a proven copy is a good one. */
  readonly compared: boolean
  readonly now: Date
  /** When the image was found for the first time; undefined: in this run. */
  readonly firstSeenAt?: Date
}

/**
 * Given an image of the report, the copies that stand of its slot and how old the newest good one may be, return the image
 * as loud as that asks for. Good is what was proven; where bytes are not compared at all, a right structure is the best
 * there is.
 */
export function withAge(
  image: ReportImage,
  copies: readonly KnownCopy[],
  { keep, compared, now, firstSeenAt }: AgeFacts,
): ReportImage {
  if (image.loudness === 'error' || !isCovered(image)) return image
  const good = copies.filter((copy) => grade(copy) >= (compared ? grades.proven : grades.complete))
  const since = Math.max(...good.map(({ label }) => Date.parse(label.madeAt)))
  if (good.length === 0) return withoutGood(image, copies, daysSince(firstSeenAt ?? now, now), keep)
  const days = daysSince(new Date(since), now)
  if (days <= Math.min(keep.warnAfterDays, keep.errorAfterDays)) return image
  const reason = `${image.reason}; its newest good copy is ${duration(days * daySeconds)} old`
  return { ...image, loudness: days > keep.errorAfterDays ? 'error' : 'warning', reason }
}

/** No copy is as good as is asked for, and perhaps none ever was. */
function withoutGood(image: ReportImage, copies: readonly KnownCopy[], days: number, keep: Ages): ReportImage {
  const late = days > Math.min(keep.warnAfterDays, keep.errorAfterDays)
  if (image.verdict !== 'not-backed-up' && !late) return image
  const why = copies.length === 0 ? 'there is no older copy of it' : 'no copy of it was ever proven'
  const long = late ? `, ${duration(days * daySeconds)} after it was seen first` : ''
  const loudness = days > keep.errorAfterDays ? 'error' : 'warning'
  return { ...image, loudness, reason: `${image.reason}; ${why}${long}` }
}

const daysSince = (then: Date, now: Date): number => (now.getTime() - then.getTime()) / 1000 / daySeconds

/** Left out because it lies elsewhere, or because the administrator says so: no copy is expected of us. */
const isCovered = ({ decision, verdict }: ReportImage): boolean =>
  verdict !== 'not-backed-up' ||
  ['in-use', 'still-in-use', 'usage-unknown', 'not-staged'].includes(decision?.code ?? '')
