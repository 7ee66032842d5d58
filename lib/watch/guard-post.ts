import { OperationalError } from '../finding/operational-error.js'
import type { WatchLine } from '../generated/watch.js'
import { appendText } from '../system/file.js'
import { realSystem, type Platform, type Tools } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'
import { letGoOn } from './go-on.js'
import type { WatchedProcess } from './order.js'

/** What a watch hands to its guard before it stops anything. Any other line only says that the watch is at work. */
export interface GuardOrder {
  readonly slot: string
  /** Those that will be stopped; none: the guard has nothing to do any more. */
  readonly processes: readonly WatchedProcess[]
  /** The pause ends then, whatever the watch says, milliseconds. */
  readonly longest: number
  readonly journal: RawPath
  readonly platform: Platform
  readonly tools: Tools
}

/** A watch that says nothing for so long stands still itself. */
const longestSilence = 1400
/** The watch ends a pause itself when its time is over, and the list of processes may take it a while. */
const slack = 10_000
/** Whatever a program would say after that comes too late. */
const commandSeconds = 0.3

/** The guard of a pause: what it says, and what it does with the lines it gets and with their end. */
export function guardPost(say: (line: string) => void) {
  let order: GuardOrder | undefined
  let silence: NodeJS.Timeout | undefined
  let deadline: NodeJS.Timeout | undefined
  const disarm = (): void => {
    clearTimeout(silence)
    clearTimeout(deadline)
    order = undefined
  }
  const end = async (why: string): Promise<void> => {
    const ending = order
    disarm()
    if (ending === undefined) return
    await letGoOn(realSystem({ ...ending, commandSeconds }), ending.processes)
    say('went on')
    tell(ending, why)
  }
  return {
    take(line: string): void {
      if (line.startsWith('{')) {
        disarm()
        const given = JSON.parse(line) as GuardOrder
        if (given.processes.length === 0) return
        order = given
        deadline = setTimeout(() => void end('the watch forgot to let it'), given.longest + slack)
        say('armed')
      }
      clearTimeout(silence)
      if (order !== undefined) silence = setTimeout(() => void end('the watch stood still'), longestSilence)
    },
    left: () => end('the watch was gone'),
  }
}

/** The journal is of less weight than that rsync goes on, which it does by now. */
function tell({ slot, journal }: GuardOrder, why: string): void {
  const line: WatchLine = { at: new Date().toISOString(), event: 'resumed', slot, detail: why }
  try {
    // Not by journal.ts: what reads a journal is large, and the guard has to be there soon.
    appendText(journal, `${JSON.stringify(line)}\n`, { sync: true })
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
  }
}
