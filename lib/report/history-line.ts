import type { HistoryImage, HistoryLine } from '../generated/history.js'
import type { ReportImage } from '../generated/report.js'
import { validateHistory } from '../generated/validators.js'
import { longestWait } from './delay.js'

/** As much of an image as its history takes. */
export type ImageOfRun = Pick<
  ReportImage,
  | 'slot'
  | 'path'
  | 'user'
  | 'verdict'
  | 'reason'
  | 'usedBy'
  | 'decision'
  | 'waitedSeconds'
  | 'waitedFor'
  | 'pausedSeconds'
>

/** A run as its history knows it. */
export interface RunEnd {
  readonly run: string
  readonly phase: HistoryLine['phase']
  readonly startedAt: string
  readonly finishedAt: string
  /** Each slot once. */
  readonly images: readonly ImageOfRun[]
  /** Seconds rsync was stopped, for whichever image. */
  readonly pausedSeconds: number
}

/** Longer reasons are cut: a line tells of thousands of images, and stays for years. */
const longestReason = 240
const mostNames = 8
const notOurs = new Set(['own-store', 'not-in-source', 'excluded-by-administrator'])
const madeCopy = new Set<ReportImage['verdict']>(['proven', 'complete', 'suspect'])

/** Given how a run ended, return its line. */
export function historyLine({ run, phase, startedAt, finishedAt, images, pausedSeconds }: RunEnd): HistoryLine {
  return {
    schema: 'history/1',
    run,
    phase,
    startedAt,
    finishedAt,
    waitedSeconds: longestWait(images),
    pausedSeconds,
    images: images.map(imageOf),
  }
}

function imageOf({ slot, verdict, decision, reason, ...image }: ImageOfRun): HistoryImage {
  const names = [...image.usedBy, ...(image.waitedFor ?? [])].map((name) => name.replace(/ \(pid \d+\)$/, ''))
  return {
    slot,
    verdict,
    ...(decision === undefined ? {} : { action: decision.action }),
    expected: decision === undefined || !notOurs.has(decision.code),
    backedUp: madeCopy.has(verdict),
    waitedSeconds: image.waitedSeconds,
    pausedSeconds: image.pausedSeconds ?? 0,
    reason: reason.length > longestReason ? `${reason.slice(0, longestReason)}…` : reason,
    usedBy: [...new Set(names)].slice(0, mostNames),
  }
}

/** Given a line, return it as it stands in the file. */
export const historyText = (line: HistoryLine): string => `${JSON.stringify(line)}\n`

/**
 * Given the text of a history, return its runs, the oldest first. What is no line of ours, or was cut off by a crash, is
 * passed over; of two lines of one run the later one counts.
 */
export function readHistory(text: string): HistoryLine[] {
  const runs = new Map<string, HistoryLine>()
  for (const line of text.split('\n')) {
    const read = parsed(line)
    if (read === undefined) continue
    runs.delete(read.run)
    runs.set(read.run, read)
  }
  return [...runs.values()]
}

function parsed(line: string): HistoryLine | undefined {
  try {
    const read: unknown = JSON.parse(line)
    return validateHistory(read) ? (read as HistoryLine) : undefined
  } catch {
    return undefined
  }
}
