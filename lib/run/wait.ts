import { pause } from '../system/clock.js'
import type { System } from '../system/system.js'
import { duration, list } from '../text/measure.js'
import { printable } from '../text/printable.js'
import type { Decision } from '../policy/policy-type.js'
import type { RawPath } from '../text/raw-path.js'
import type { ReportLine } from '../report/lines.js'
import type { Observed } from './observed.js'
import type { SourceMachine } from './source-machine.js'

/** An image that is waited for, and until when at most. */
export interface Awaited extends Observed {
  readonly until: Date
}

/** Images that are waited for at the same time, and until when at most before they are looked at anew. */
export interface Waiting {
  readonly images: readonly Awaited[]
  readonly since: Date
  readonly until: Date
}

/**
 * Given tonight's decisions, return which images to wait for; undefined: none, or the run's budget is used up. All wait
 * at the same time, so the wait ends when the first of them has waited long enough.
 */
export function waiting(
  images: readonly Observed[],
  decided: ReadonlyMap<RawPath, Decision>,
  now: Date,
  budgetEnds: Date,
): Waiting | undefined {
  const awaited = images.flatMap((item) => {
    const { waitMinutes = 0 } = decided.get(item.image.path) ?? {}
    // Rounded up: an end a part of a millisecond too early would make one more wait.
    const end = Math.min(now.getTime() + Math.ceil(waitMinutes * 60_000), budgetEnds.getTime())
    return waitMinutes > 0 ? [{ ...item, until: new Date(end) }] : []
  })
  if (awaited.length === 0 || now >= budgetEnds) return undefined
  return { images: awaited, since: now, until: new Date(Math.min(...awaited.map(({ until }) => until.getTime()))) }
}

/** Given a wait about to begin, return the lines that tell the administrator. */
export const waitingLines = ({ images, since }: Waiting): ReportLine[] =>
  images.map(({ image, usage, user, until }) => ({
    loudness: 'fine',
    text:
      `Waiting for ${printable(image.path)} (${user}), ${usedBy(usage.usedBy)}, since ${since.toISOString()}, ` +
      `until ${until.toISOString()} at most.`,
  }))

/** Given who uses an image, return it for people. */
export const usedBy = (names: readonly string[]): string => (names.length === 0 ? 'in use' : `in use by ${list(names)}`)

/**
 * Given a wait for images of a client, return after one of them is no longer seen in use, or has moved (as a FileVault
 * image does at logout), or the time is over; the seconds waited.
 */
export async function waitForRelease(
  system: Pick<System, 'now'>,
  machine: Pick<SourceMachine, 'placeOf' | 'uses'>,
  { images, since, until }: Waiting,
  intervalSeconds: number,
): Promise<number> {
  while (system.now() < until) {
    const left = (until.getTime() - system.now().getTime()) / 1000
    await pause(Math.max(0.05, Math.min(intervalSeconds, left)))
    const places = await Promise.all(images.map(({ image }) => machine.placeOf(image.path)))
    if (images.some(({ image }, at) => places[at]?.inode !== image.inode)) break
    const { usages } = await machine.uses(
      images.map(({ image }) => image),
      intervalSeconds,
    )
    if (images.some(({ image }) => usages.get(image.path)?.state === 'detached')) break
  }
  return (system.now().getTime() - since.getTime()) / 1000
}

/** Given decisions that would still wait when the run's budget is over, return them as what happens instead. */
export function withoutWaiting(decided: ReadonlyMap<RawPath, Decision>, budgetMinutes: number): Map<RawPath, Decision> {
  return new Map(
    [...decided].map(([path, { waitMinutes, ...decision }]) => {
      if (waitMinutes === undefined) return [path, decision]
      const reason = `${decision.reason}, and the ${duration(budgetMinutes * 60)} that a run may wait in all are used up`
      return [path, { ...decision, code: 'still-in-use' as const, reason }]
    }),
  )
}
