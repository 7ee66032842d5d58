import type { Report, ReportImage, ReportedFinding } from '../generated/report.js'
import type { SlotStatus } from '../generated/status.js'
import { scriptExit } from '../lbackup/exit-codes.js'
import { count, duration, list, size } from '../text/measure.js'
import type { Loudness } from '../verify/verdict.js'
import { delayText, runDelayText } from './delay.js'
import { loudnessOf } from './severity.js'

/** One line for LBackup's log or a terminal. */
export interface ReportLine {
  readonly loudness: Loudness
  readonly text: string
}

/** What the lines need besides the report. */
export interface Background {
  readonly now: Date
  /** What is known of each slot. */
  readonly slots: readonly SlotStatus[]
  /** The sections there are now; undefined: the backup disk does not tell. */
  readonly sections: readonly { readonly number: number; readonly inode: number }[] | undefined
  /** LBackup's configuration file as the administrator would type it. */
  readonly configuration: string
}

const words: Record<ReportImage['verdict'], string> = {
  proven: 'proven',
  complete: 'complete',
  'not-backed-up': 'not backed up',
  suspect: 'suspect',
  bad: 'bad',
  'not-judged-yet': 'planned',
}

/** Given a report, return it line by line: the run's findings, each image, and the counts, which never fail to appear. */
export function reportLines(report: Report, background: Background): ReportLine[] {
  return [
    ...report.findings.map((finding) => findingLine(finding, report, background)),
    ...report.images.map((image) => imageLine(image, report, background)),
    { loudness: 'fine', text: `${report.summary} ${countsText(report)}` },
  ]
}

/** Given how loud a line is, return the word LBackup's mail looks for, with a blank; empty for a plain line. */
export const shout = (loudness: Loudness): string =>
  loudness === 'error' ? 'ERROR! ' : loudness === 'warning' ? 'WARNING! ' : ''

/** Given one image of a report, return its line; an `ERROR!` has four parts: what, the newest copy, a command, tonight. */
export function imageLine(
  image: ReportImage,
  report: Pick<Report, 'phase' | 'exitCode'>,
  background: Background,
): ReportLine {
  const what = `${words[image.verdict]}${delayText(image)}: ${image.path} (${image.user}): ${image.reason}.`
  if (image.loudness !== 'error') return { loudness: image.loudness, text: what }
  return {
    loudness: 'error',
    text: [what, newestCopy(image, background), command(image, background), tonight(report)].join(' '),
  }
}

function findingLine(
  finding: ReportedFinding,
  report: Pick<Report, 'phase' | 'exitCode'>,
  background: Background,
): ReportLine {
  const what = finding.cure === undefined ? finding.message : `${finding.message} ${finding.cure}`
  if (finding.severity !== 'error') return { loudness: loudnessOf(finding), text: what }
  const { configuration } = background
  const more = `Newest copies and their age: lbackup-filevault status --config ${quoted(configuration)}.`
  return { loudness: 'error', text: [what, more, tonight(report)].join(' ') }
}

/** Given an image, return a sentence that tells of its newest copy and where it lies. */
export function newestCopy(image: Pick<ReportImage, 'slot'>, { slots, sections, now }: Background): string {
  const known = slots.find(({ slot }) => slot === image.slot)
  const good = known?.kept?.newestGood
  if (good !== undefined) {
    const age = duration((now.getTime() - Date.parse(good)) / 1000)
    return `Its newest good copy was made ${age} ago (${good}) and lies in ${known?.kept?.newestGoodIn ?? 'the store'}.`
  }
  if (known?.lastCompleteAt === undefined) return 'No complete copy of it is known yet.'
  const age = duration((now.getTime() - Date.parse(known.lastCompleteAt)) / 1000)
  const made = `The newest copy known to be complete was made ${age} ago (${known.lastCompleteAt})`
  if (sections === undefined) return `${made}; where it lies cannot be told, since the backup disk cannot be read.`
  const section = sections.find(({ inode }) => inode === known.lastCompleteSection)
  return section === undefined
    ? `${made}, and its section has rotated away.`
    : `${made}, in Section.${String(section.number)}.`
}

function command(image: ReportImage, { configuration }: Background): string {
  return `Look closer: lbackup-filevault verify --config ${quoted(configuration)} ${quoted(image.path)}.`
}

/** Given which hook speaks and how it ends, return a sentence that tells what happens next. */
export function tonight({ phase, exitCode }: Pick<Report, 'phase' | 'exitCode'>): string {
  if (phase === 'post') return 'The next backup tries again; until it is complete, keep the older sections.'
  return exitCode === scriptExit.halt
    ? 'Tonight nothing is backed up; every section stays as it is.'
    : 'Tonight’s backup goes on.'
}

function countsText({ counts }: Report): string {
  const verdicts = [
    [counts.proven, 'proven'],
    [counts.complete, 'complete'],
    [counts.suspect, 'suspect'],
    [counts.bad, 'bad'],
    [counts.notBackedUp, 'not backed up'],
  ] as const
  const said = verdicts.filter(([n]) => n > 0).map(([n, word]) => `${String(n)} ${word}`)
  const judged = counts.judged > 0 ? `; ${count(counts.judged, 'copy', 'copies')} looked at: ${list(said)}` : ''
  const read = counts.bytesRead > 0 ? `, ${size(counts.bytesRead)} read to compare` : ''
  const delay = runDelayText(counts)
  const held = delay === '' ? '' : `; the run ${delay}`
  const looked = `${count(counts.entries, 'entry', 'entries')} searched, ${count(counts.members, 'member')} of ${size(counts.bytes)}`
  return `${count(counts.images, 'image')}${judged}${held} (${looked}${read}, ${duration(counts.seconds)}).`
}

/** Given text, return a shell word that may be pasted. */
export const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
