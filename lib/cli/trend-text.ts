import type { SlotTrend } from '../generated/status-report.js'
import { runDelayText } from '../report/delay.js'
import { count, duration, list } from '../text/measure.js'

/** Names of more than these are only counted. */
const mostNames = 4

/** Given the path of an image and its trend, return a line: what the last runs made of it, what held them up, by whom. */
export function trendText(path: string, trend: SlotTrend): string {
  const { runs, backedUp, suspect, notBackedUpInARow, notBackedUpSince = '', last } = trend
  const lately = runDelayText(last)
  const parts = [
    `backed up in ${String(backedUp)} of ${count(runs, 'run')}${suspect === 0 ? '' : `, ${String(suspect)} of these suspect`}`,
    ...(trend.waited === 0 ? [] : [`waited for ${times(trend.waited)}, ${duration(trend.waitedSeconds)} in all`]),
    ...(trend.paused === 0 ? [] : [`rsync paused ${times(trend.paused)}, ${duration(trend.pausedSeconds)} in all`]),
    ...(notBackedUpInARow === 0
      ? []
      : [`not backed up ${String(notBackedUpInARow)} in a row, since ${notBackedUpSince} (${last.reason})`]),
    ...(trend.usedBy.length === 0 ? [] : [`used by ${list(names(trend.usedBy))}`]),
    ...(lately === '' ? [] : [`the last run ${lately}`]),
  ]
  return `${path}: ${parts.join('; ')}.`
}

const times = (n: number): string => (n === 1 ? 'once' : `${String(n)} times`)

const names = (all: readonly string[]): readonly string[] =>
  all.length <= mostNames ? all : [...all.slice(0, mostNames), `${String(all.length - mostNames)} more`]
