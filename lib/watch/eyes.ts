import { OperationalError } from '../finding/operational-error.js'
import { takeBlockOfRun } from '../link/apply.js'
import { isAlive } from '../lbackup/process-chain.js'
import { lookAtSessions } from '../session/sessions.js'
import { appendText, lookAt } from '../system/file.js'
import { hintsFrom } from '../system/hints.js'
import { readKernelFile } from '../system/kernel-file.js'
import { realSystem } from '../system/system.js'
import { baseName, parent } from '../text/raw-path.js'
import { bandsOf, bandTimesOf } from './band-times.js'
import { glanceAt } from './glance.js'
import { realHands } from './hands.js'
import { journalLine, journalPath } from './journal.js'
import type { WatchOrder } from './order.js'
import { reaction } from './reaction.js'
import { hintedWait } from './hinted-wait.js'
import { usesOf } from './uses.js'
import type { Eyes } from './watch.js'

/** Given an order and a signal by which the watch is called to its end, return the eyes of this machine. */
export function realEyes(order: WatchOrder, call: AbortSignal): Eyes {
  const { lbackup, stateFolder, source, platform } = order
  const system = realSystem(order)
  const journal = journalPath(stateFolder)
  const hints = hintsFrom(
    order.images.flatMap(({ places }) =>
      places.flatMap((path) => [{ folder: path }, { folder: parent(path), name: baseName(path) }]),
    ),
  )
  const tell: Eyes['tell'] = (line) => appendText(journal, journalLine(line), { sync: true })
  return {
    now: () => Date.now(),
    called: () => call.aborted,
    wait: hintedWait(() => hints, call),
    late: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds).unref()),
    lbackupLives: () => isAlive(system, lbackup),
    glance: glanceAt,
    bands: bandsOf,
    bandTimes: bandTimesOf,
    sourceStands: () => isStill(source),
    // On a Mac a program would have to be asked.
    mounts: () => (platform === 'linux' ? mountTable() : ''),
    uses: (images) => usesOf(system, images, [process.pid, lbackup.pid]),
    async loggedIn() {
      const { sessions, problems } = await lookAtSessions(system)
      return problems.length > 0 ? undefined : new Set(sessions.map(({ user }) => user))
    },
    takeBlockOut: () => takeBlockOut(order),
    tell,
    ...(order.reaction === undefined ? {} : { reaction: reaction(order.reaction, realHands(order, system, tell)) }),
  }
}

/** Given an order, take what its run put into LBackup's excludes file out of it. */
export function takeBlockOut({ excludesFile, run }: Pick<WatchOrder, 'excludesFile' | 'run'>): void {
  try {
    takeBlockOfRun(excludesFile, run)
  } catch (error) {
    // The next pre hook takes it out, or says why it cannot.
    if (!(error instanceof OperationalError)) throw error
  }
}

function isStill({ path, device, inode }: WatchOrder['source']): boolean {
  try {
    const stats = lookAt(path)
    return stats?.dev === device && stats.ino === inode
  } catch (error) {
    if (error instanceof OperationalError) return false
    throw error
  }
}

/** The table of what is mounted; empty where it cannot be read. */
export function mountTable(): string {
  const table = readKernelFile('/proc/self/mountinfo')
  return typeof table === 'string' ? '' : table.text
}
