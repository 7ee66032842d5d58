import type { ReportImage } from '../generated/report.js'
import { duration, list } from '../text/measure.js'

/** What held a run up for one image. */
export type Delay = Pick<ReportImage, 'waitedSeconds' | 'waitedFor' | 'pausedSeconds'>

/**
 * Given what held a run up for one image, return it to follow the verdict: ` after a wait of 10 min for bob and a pause of
 * rsync of 3 min`; empty where nothing did.
 */
export function delayText({ waitedSeconds, waitedFor = [], pausedSeconds = 0 }: Delay): string {
  const whom = waitedFor.length === 0 ? '' : ` for ${list(waitedFor)}`
  const parts = [
    ...(waitedSeconds > 0 ? [`a wait of ${duration(waitedSeconds)}${whom}`] : []),
    ...(pausedSeconds > 0 ? [`a pause of rsync of ${duration(pausedSeconds)}`] : []),
  ]
  return parts.length === 0 ? '' : ` after ${list(parts)}`
}

/** Given the seconds of a whole run, return `waited 10 min and had rsync paused for 3 min`; empty where it did neither. */
export function runDelayText({ waitedSeconds = 0, pausedSeconds = 0 }: Partial<Delay>): string {
  return list([
    ...(waitedSeconds > 0 ? [`waited ${duration(waitedSeconds)}`] : []),
    ...(pausedSeconds > 0 ? [`had rsync paused for ${duration(pausedSeconds)}`] : []),
  ])
}

/** Given the images of a run, return the seconds it waited: all are waited for at the same time. */
export const longestWait = (images: readonly Pick<Delay, 'waitedSeconds'>[]): number =>
  images.reduce((longest, { waitedSeconds }) => Math.max(longest, waitedSeconds), 0)
