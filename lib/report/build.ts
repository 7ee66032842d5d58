import type { Report, ReportImage, ReportedFinding } from '../generated/report.js'
import { count, list } from '../text/measure.js'
import type { Loudness } from '../verify/verdict.js'
import { longestWait } from './delay.js'
import { loudest, loudnessOf } from './severity.js'

export interface ReportParts {
  readonly run: string
  readonly phase: Report['phase']
  readonly startedAt: Date
  readonly finishedAt: Date
  readonly images: readonly ReportImage[]
  readonly findings: readonly ReportedFinding[]
  /** Names looked at by the search. */
  readonly entries: number
  /** Given the run's severity, the hook's exit code. */
  readonly exitCode: (severity: Loudness) => number
  /** Seconds rsync was stopped, for whichever image. */
  readonly pausedSeconds?: number
  /** The pre hook stops the backup. */
  readonly halted?: boolean
}

/** Given what a hook found, return its report: severity, counts, summary and cures derived in this one place. */
export function buildReport(parts: ReportParts): Report {
  const { images, findings } = parts
  const severity = loudest([...images.map(({ loudness }) => loudness), ...findings.map(loudnessOf)])
  const of = (verdict: ReportImage['verdict']): number => images.filter((image) => image.verdict === verdict).length
  const judged = images.filter(({ verdict }) => verdict !== 'not-judged-yet')
  return {
    schema: 'report/1',
    run: parts.run,
    phase: parts.phase,
    startedAt: parts.startedAt.toISOString(),
    finishedAt: parts.finishedAt.toISOString(),
    severity,
    exitCode: parts.exitCode(severity),
    summary: summary(parts, severity),
    images,
    findings,
    counts: {
      images: images.length,
      judged: judged.length,
      proven: of('proven'),
      complete: of('complete'),
      suspect: of('suspect'),
      bad: of('bad'),
      notBackedUp: of('not-backed-up'),
      entries: parts.entries,
      members: images.reduce((sum, { members }) => sum + members, 0),
      bytes: images.reduce((sum, { bytes }) => sum + bytes, 0),
      bytesRead: images.reduce((sum, { proof }) => sum + (proof?.bytesRead ?? 0), 0),
      seconds: Math.round((parts.finishedAt.getTime() - parts.startedAt.getTime()) / 100) / 10,
      waitedSeconds: longestWait(images),
      pausedSeconds: parts.pausedSeconds ?? 0,
    },
    cures: [...new Set(findings.flatMap(({ cure }) => (cure === undefined ? [] : [cure])))],
  }
}

function summary({ phase, images, halted }: ReportParts, severity: Loudness): string {
  if (halted === true) return 'The backup is halted; nothing is copied and no section is touched.'
  if (phase === 'pre') {
    const actions = new Map<string, number>()
    for (const { decision } of images) {
      if (decision !== undefined) actions.set(decision.action, (actions.get(decision.action) ?? 0) + 1)
    }
    const said = [...actions].map(([action, n]) => `${String(n)} to ${actionWords[action] ?? action}`)
    return said.length === 0 ? 'The backup goes on.' : `The backup goes on: ${list(said)}.`
  }
  const loud = images.filter(({ loudness }) => loudness !== 'fine').length
  if (images.length === 0 && severity === 'fine') return 'No image was found.'
  if (severity === 'fine') return 'Every image was accounted for.'
  return loud === 0
    ? 'Something needs a look.'
    : `${count(loud, 'image')} of ${String(images.length)} ${loud === 1 ? 'needs' : 'need'} a look.`
}

const actionWords: Record<string, string> = {
  copy: 'copy',
  'copy-and-prove': 'copy although perhaps in use',
  'leave-out': 'leave out',
  contents: 'copy as mounted files',
}
