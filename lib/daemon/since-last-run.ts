import type { DaemonLine } from '../generated/daemon.js'
import type { ReportedFinding } from '../generated/report.js'
import { list } from '../text/measure.js'

const mostImages = 20
const mostMoments = 6
/** What happens within so many milliseconds is one moment: a login moves and attaches an image. */
const oneMoment = 60_000

const verbs: Readonly<Partial<Record<DaemonLine['event'], string>>> = {
  attached: 'attached',
  detached: 'detached',
  appeared: 'new',
  replaced: 'replaced by another',
  vanished: 'gone from every place',
  unmounted: 'on a volume that was unmounted',
  returned: 'back again',
  frozen: 'frozen',
}

/**
 * Given the history of the daemon and when the last run ended (undefined: there was none), return what happened since, one
 * plain finding for each image and one for what the daemon could not see. Times are in UTC.
 */
export function sinceLastRun(history: readonly DaemonLine[], lastRun: string | undefined): ReportedFinding[] {
  const since = lastRun === undefined ? -Infinity : Date.parse(lastRun)
  const lines = history.filter(({ at }) => Date.parse(at) > since)
  const slots = new Map<string, DaemonLine[]>()
  for (const line of lines) if (line.slot !== undefined) slots.set(line.slot, [...(slots.get(line.slot) ?? []), line])
  const told = [...slots.values()].map((own) => say(imageWords(own)))
  const more = told.length - mostImages
  const rest = more > 0 ? [say(`So it did to ${String(more)} images more: lbackup-filevault daemon status tells.`)] : []
  const blind = blindWords(lines)
  return [...told.slice(0, mostImages), ...rest, ...(blind === undefined ? [] : [say(blind)])]
}

const say = (message: string): ReportedFinding => ({ code: 'since-last-run', severity: 'info', message })

function imageWords(lines: readonly DaemonLine[]): string {
  const { user, path } = lines.at(-1) as DaemonLine
  const moments = momentsOf(lines)
  const told = moments.slice(0, mostMoments).map(momentWords).join('; ')
  const more = moments.length > mostMoments ? `; and so on, ${String(moments.length)} times in all` : ''
  return `Since the last run, ${path ?? 'an image'} (${user ?? 'nobody'}): ${told}${more}.`
}

function momentsOf(lines: readonly DaemonLine[]): DaemonLine[][] {
  const moments: DaemonLine[][] = []
  for (const line of lines) {
    const last = moments.at(-1)
    const begin = last?.[0]
    if (last !== undefined && begin !== undefined && Date.parse(line.at) - Date.parse(begin.at) < oneMoment)
      last.push(line)
    else moments.push([line])
  }
  return moments
}

/** `08:02 bob logged in, image moved to /Users/.bob/bob.sparsebundle and attached`. */
function momentWords(lines: readonly DaemonLine[]): string {
  const at = (lines[0] as DaemonLine).at
  const sessions = lines.flatMap(({ event, user }) =>
    event === 'login'
      ? [`${user ?? 'its user'} logged in`]
      : event === 'logout'
        ? [`${user ?? 'its user'} logged out`]
        : [],
  )
  const image = lines.flatMap(({ event, path, detail }) => {
    if (event === 'moved') return [`moved to ${path ?? 'another place'}`]
    if (event === 'not-frozen') return [`not frozen: ${detail ?? 'it did not come to rest'}`]
    const verb = verbs[event]
    return verb === undefined ? [] : [verb]
  })
  const words = [...new Set(sessions), ...(image.length === 0 ? [] : [`image ${list([...new Set(image)])}`])]
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC ${words.join(', ')}`
}

/** Everything between two runs was seen unless one of these lines says otherwise. */
function blindWords(lines: readonly DaemonLine[]): string | undefined {
  const told = lines.flatMap(({ at, event, path, detail }) => {
    const when = `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`
    if (event === 'gap') return [`${when}: ${detail ?? 'it stood still'}`]
    if (event === 'root-lost') return [`${when}: ${path ?? 'a folder'} was ${detail ?? 'not mounted'}`]
    if (event === 'lost') return [`${when}: ${detail ?? 'some'} lines could not be written`]
    return []
  })
  if (told.length === 0) return undefined
  const more = told.length > mostMoments ? `; and ${String(told.length - mostMoments)} times more` : ''
  return `Since the last run the daemon did not see everything: ${told.slice(0, mostMoments).join('; ')}${more}.`
}
