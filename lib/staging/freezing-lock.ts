import { OperationalError } from '../finding/operational-error.js'
import { abandonLock, lockHolder, releaseLock, takeLock } from '../lbackup/lock.js'
import { bootId, isAlive, processIdentity } from '../lbackup/process-chain.js'
import { pause } from '../system/clock.js'
import { createFolderExclusively } from '../system/exclusive-file.js'
import { hostName } from '../system/host.js'
import { identifier } from '../system/identifier.js'
import type { System } from '../system/system.js'
import { join, type RawPath } from '../text/raw-path.js'

// Between backups the daemon freezes images; a run has the staging folder for itself. Each first says that it is there and
// then looks for the other: who freezes finds the run's lock, or the run finds this one and waits for its end.

const folderOf = (stateFolder: RawPath): RawPath => join(stateFolder, 'freezing')

/** Given the state folder, do something to the staging folder between runs. Throws OperationalError, `run-in-progress`. */
export async function betweenRuns<Result>(
  system: System,
  stateFolder: RawPath,
  action: () => Promise<Result>,
): Promise<Result> {
  const me = await processIdentity(system)
  if (me === undefined) throw new Error('this process cannot be found')
  const runId = identifier(system.now())
  const folder = folderOf(stateFolder)
  createFolderExclusively(folder)
  const holder = { ...me, bootId: await bootId(system), host: hostName(), since: system.now().toISOString(), runId }
  await takeLock(folder, holder, (other) => isAlive(system, other))
  try {
    await refuseDuringRun(system, stateFolder)
    return await action()
  } finally {
    release(folder, runId)
  }
}

/** Whoever freezes may live for years, and a run that finds its lock waits. */
function release(folder: RawPath, runId: string): void {
  try {
    releaseLock(folder, runId)
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    abandonLock(folder, runId)
  }
}

async function refuseDuringRun(system: System, stateFolder: RawPath): Promise<void> {
  const holder = lockHolder(stateFolder)
  if (holder === undefined || !(await isAlive(system, holder))) return
  throw new OperationalError(
    'run-in-progress',
    `A backup is running since ${holder.since}; what it froze is not touched.`,
    'Wait until it is done.',
  )
}

/** The code of the error where that comes to no end. */
export const freezingGoesOn = 'staging-busy'

const mostSeconds = 600
const betweenLooks = 0.1

/** Given the state folder of a run that has its lock, wait until nobody freezes any more. Throws OperationalError after ten minutes. */
export async function untilNobodyFreezes(system: System, stateFolder: RawPath): Promise<void> {
  const until = system.now().getTime() + mostSeconds * 1000
  for (;;) {
    const holder = lockHolder(folderOf(stateFolder))
    if (holder === undefined || !(await isAlive(system, holder))) return
    if (system.now().getTime() > until) {
      throw new OperationalError(
        freezingGoesOn,
        `Process ${String(holder.pid)} freezes an image since ${holder.since} and does not come to an end.`,
        'Look whether the disk of the staging folder hangs.',
      )
    }
    await pause(betweenLooks)
  }
}
