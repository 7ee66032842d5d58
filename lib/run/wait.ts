import { pause } from '../system/clock.js'
import type { System } from '../system/system.js'
import { duration, list } from '../text/measure.js'
import { printable } from '../text/printable.js'
import type { Decision } from '../policy/policy-type.js'
import type { RawPath } from '../text/raw-path.js'
import type { ReportLine } from '../report/lines.js'
import type { Observed } from './observed.js'
import type { SourceMachine } from './source-machine.js'

/** Images that are waited for, and until when at most. */
export interface Waiting {
  readonly images: readonly Observed[]
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
  const minutes = (item: Observed): number => decided.get(item.image.path)?.waitMinutes ?? 0
  const waited = images.filter((item) => minutes(item) > 0)
  if (waited.length === 0 || now >= budgetEnds) return undefined
  const shortest = now.getTime() + Math.min(...waited.map(minutes)) * 60_000
  return { images: waited, until: new Date(Math.min(shortest, budgetEnds.getTime())) }
}

/** Given a wait about to begin, return the lines that tell the administrator. */
export const waitingLines = ({ images, until }: Waiting, now: Date): ReportLine[] =>
  images.map(({ image, usage, user }) => ({
    loudness: 'fine',
    text:
      `Waiting for ${printable(image.path)} (${user}), ${usedBy(usage.usedBy)}, since ${now.toISOString()}, ` +
      `until ${until.toISOString()} at most.`,
  }))

const usedBy = (names: readonly string[]): string => (names.length === 0 ? 'in use' : `in use by ${list(names)}`)

/**
 * Given a wait, return after one of its images is no longer seen in use, or has moved (as a FileVault image does at
 * logout), or the time is over; the seconds waited.
 */
export async function waitForRelease(
  system: Pick<System, 'now'>,
  machine: Pick<SourceMachine, 'placeOf' | 'uses'>,
  { images, until }: Waiting,
  intervalSeconds: number,
): Promise<number> {
  const began = system.now().getTime()
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
  return (system.now().getTime() - began) / 1000
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
