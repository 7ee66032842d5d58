import type { SlotStatus, Status } from '../generated/status.js'
import type { SlotTrend } from '../generated/status-report.js'
import type { AwaitedImage } from '../generated/waiting.js'
import { runDelayText } from '../report/delay.js'
import { table } from '../report/table.js'
import { usedBy } from '../run/wait.js'
import { count, duration, size } from '../text/measure.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { trendText } from './trend-text.js'

/** What the hooks wrote down. */
export interface Known {
  readonly status: Status | undefined
  readonly trends: readonly SlotTrend[]
  readonly waiting: readonly AwaitedImage[]
}

/** Given the images that are waited for now, return a line for each. */
export const waitingText = (waiting: readonly AwaitedImage[], now: Date): string =>
  waiting
    .map(({ path, user, usedBy: names, since, until }) => {
      const ago = duration((now.getTime() - Date.parse(since)) / 1000)
      return `Waiting for ${path} (${user}), ${usedBy(names)}, since ${since} (${ago}), until ${until} at most.\n`
    })
    .join('')

/** Given the state folder and what the hooks wrote down in it, return what it says of the last run and of each image. */
export function statusText(stateFolder: RawPath, { status, trends }: Known, now: Date): string {
  const last = status?.lastRun ?? undefined
  if (status === undefined || last === undefined) return `Nothing is known in ${printable(stateFolder)}.\n`
  const ago = (time: string | undefined): string =>
    time === undefined ? 'never' : `${duration((now.getTime() - Date.parse(time)) / 1000)} ago`
  const delay = runDelayText(last)
  const hooks = last.post ? 'both hooks' : 'the pre-backup hook'
  const rows = status.slots.map(({ user, path, lastVerdict, lastAt, lastCompleteAt, kept, reason }) => {
    const good =
      kept?.newestGood === undefined ? ago(lastCompleteAt) : `${ago(kept.newestGood)}, ${kept.newestGoodIn ?? ''}`
    return [user, path, lastVerdict.replaceAll('-', ' '), ago(lastAt), good, reason]
  })
  const lines = [
    `Last run: ${ago(last.finishedAt)} (${last.finishedAt}, ${hooks}): ${last.summary}${delay === '' ? '' : ` It ${delay}.`}`,
    ...(rows.length === 0
      ? []
      : ['', ...table(['user', 'image', 'verdict', 'when', 'newest good copy', 'why'], rows), '']),
    ...status.slots.flatMap(({ slot, path }) =>
      trends.filter((trend) => trend.slot === slot).map((trend) => trendText(path, trend)),
    ),
    ...status.slots.flatMap((slot) => keptLines(slot, ago)),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** What keeping a slot costs, and what came of trying to restore it. */
function keptLines({ path, kept, drill, goneSince }: SlotStatus, ago: (time: string) => string): string[] {
  const shares = kept?.shared === true ? '; the kept copy shares its data with the sections' : ''
  return [
    ...(goneSince === undefined
      ? []
      : [`${path} is gone at its source since ${goneSince}; its newest good copy is kept until it is forgotten.`]),
    ...(kept === undefined || kept.generations === 0
      ? []
      : [
          `${path}: ${count(kept.generations, 'copy', 'copies')} in the store, ${size(kept.heldBytes)} that only the store holds${shares}.`,
        ]),
    ...(drill === undefined
      ? []
      : [`${path}: restored for a trial ${ago(drill.at)}: ${drill.ok ? 'fine' : 'FAILED'}: ${drill.text}`]),
  ]
}
