import type { WatchLine, WatchProcess } from '../generated/watch.js'
import { validateWatch } from '../generated/validators.js'
import { join, type RawPath } from '../text/raw-path.js'

/** What a journal tells of one run. */
export interface Journal {
  readonly run: string | undefined
  readonly process: WatchProcess | undefined
  /** The watch saw everything to its own end. */
  readonly whole: boolean
  /** What happened, in order, without begin and end. */
  readonly events: readonly WatchLine[]
  /** When its last line was written. */
  readonly lastAt: string | undefined
}

/** Given the state folder, return where the journal lies. */
export const journalPath = (stateFolder: RawPath): RawPath => join(stateFolder, 'watch.jsonl')

/** Given what happened, return its line. */
export const journalLine = (line: WatchLine): string => `${JSON.stringify(line)}\n`

/**
 * Given the text of a journal, return what it tells. A last line without its end was cut off by a crash and is passed
 * over; a line that is none makes the journal less than whole.
 */
export function readJournal(text: string): Journal {
  const lines: WatchLine[] = []
  let sound = true
  for (const line of text.split('\n').slice(0, -1)) {
    const read = parsed(line)
    if (read === undefined) sound = false
    else lines.push(read)
  }
  const begin = lines.find(({ event }) => event === 'begin')
  return {
    run: begin?.run,
    process: begin?.process,
    whole: sound && begin !== undefined && lines.at(-1)?.event === 'end',
    events: lines.filter(({ event }) => event !== 'begin' && event !== 'end'),
    lastAt: lines.at(-1)?.at,
  }
}

function parsed(line: string): WatchLine | undefined {
  try {
    const read: unknown = JSON.parse(line)
    return validateWatch(read) ? (read as WatchLine) : undefined
  } catch {
    return undefined
  }
}
