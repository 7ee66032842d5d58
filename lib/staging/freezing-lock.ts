import { OperationalError } from '../finding/operational-error.js'
import { mayHold } from '../lbackup/lock-holder.js'
import { abandonLock, lockHolder, releaseLock, takeLock } from '../lbackup/lock.js'
import { processIdentity } from '../lbackup/process-chain.js'
import { pause } from '../system/clock.js'
import { createFolderExclusively } from '../system/exclusive-file.js'
import { hostName } from '../system/host.js'
import { identifier } from '../system/identifier.js'
import type { System } from '../system/system.js'
import { join, type RawPath } from '../text/raw-path.js'

// Whoever changes the staging folder or its book has this lock meanwhile: the daemon and others between runs, and each hook
// while it is in there. A hook may outlive its LBackup, so it has the lock as the process that it is. Whoever wants to be in
// there first takes it and then looks whose turn it is: the daemon at the run's lock, a hook at whether its LBackup still
// runs. So nobody who has it waits for anybody.

const folderOf = (stateFolder: RawPath): RawPath => join(stateFolder, 'freezing')

/** Given the state folder, do something to the staging folder between runs. Throws OperationalError, `run-in-progress`. */
export async function betweenRuns<Result>(
  system: System,
  stateFolder: RawPath,
  action: () => Promise<Result>,
): Promise<Result> {
  const letGo = await take(system, stateFolder)
  try {
    await refuseDuringRun(system, stateFolder)
    return await action()
  } finally {
    letGo()
  }
}

/**
 * Given the state folder of a run that has its lock, do something to the staging folder as soon as nobody else does. Throws
 * OperationalError where that takes more than ten minutes.
 */
export async function duringRun<Result>(
  system: System,
  stateFolder: RawPath,
  action: () => Promise<Result>,
): Promise<Result> {
  const letGo = await takeWhenFree(system, stateFolder)
  try {
    return await action()
  } finally {
    letGo()
  }
}

/** As this process; returns what gives it up. */
async function take(system: System, stateFolder: RawPath): Promise<() => void> {
  const me = await processIdentity(system)
  if (me === undefined) throw new Error('this process cannot be found')
  const runId = identifier(system.now())
  const folder = folderOf(stateFolder)
  createFolderExclusively(folder)
  const holder = { ...me, host: hostName(), since: system.now().toISOString(), runId }
  try {
    await takeLock(folder, holder, (other) => mayHold(system, folder, other))
  } catch (error) {
    const other = lockHolder(folder)
    if (!isTaken(error) || other === undefined) throw error
    const who = `Process ${String(other.pid)} on ${other.host}`
    throw new OperationalError(error.code, `${who} is at work in the staging folder since ${other.since}.`, error.cure)
  }
  return () => release(folder, runId)
}

const isTaken = (error: unknown): error is OperationalError =>
  error instanceof OperationalError && error.code === 'run-in-progress'

async function takeWhenFree(system: System, stateFolder: RawPath): Promise<() => void> {
  const until = system.now().getTime() + mostSeconds * 1000
  for (;;) {
    try {
      return await take(system, stateFolder)
    } catch (error) {
      if (!isTaken(error)) throw error
      if (system.now().getTime() > until)
        throw new OperationalError(
          freezingGoesOn,
          `${error.message} It does not come to an end.`,
          `Look whether the disk of the staging folder hangs. ${error.cure}`,
        )
    }
    await pause(betweenLooks)
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
  if (holder === undefined || !(await mayHold(system, stateFolder, holder))) return
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

/** Given the state folder of a run that has its lock, wait until nobody freezes any more. Throws as `duringRun`. */
export async function untilNobodyFreezes(system: System, stateFolder: RawPath): Promise<void> {
  if (lockHolder(folderOf(stateFolder)) !== undefined) await duringRun(system, stateFolder, () => Promise.resolve())
}
