import { OperationalError } from '../finding/operational-error.js'
import { mayHold } from '../lbackup/lock-holder.js'
import { lockHolder, releaseLock, takeLock, type LockHolder } from '../lbackup/lock.js'
import { openOwnFolder } from '../lbackup/own-folder.js'
import { isAlive, processIdentity } from '../lbackup/process-chain.js'
import { openStateFolder } from '../lbackup/state-folder.js'
import { hostName } from '../system/host.js'
import { identifier } from '../system/identifier.js'
import type { System } from '../system/system.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { daemonFolder } from './notebook.js'

/**
 * Given the machine and the state folder, become its only daemon; returns how to give that up. One that is dead is no
 * other. Throws OperationalError (`daemon-running`) where there is one.
 */
export async function beTheOnly(system: System, stateFolder: RawPath): Promise<() => void> {
  openStateFolder(stateFolder)
  const folder = daemonFolder(stateFolder)
  openOwnFolder(folder)
  const me = await processIdentity(system)
  if (me === undefined)
    throw new OperationalError('daemon-unknown', 'The daemon does not find itself among the processes.', 'Mount /proc.')
  const runId = identifier(system.now())
  const holder = { ...me, host: hostName(), since: system.now().toISOString(), runId }
  try {
    await takeLock(folder, holder, (other) => mayHold(system, folder, other))
  } catch (error) {
    if (!(error instanceof OperationalError) || !['run-in-progress', 'hook-ran-twice'].includes(error.code)) throw error
    const other = lockHolder(folder)
    const who = other === undefined ? '' : `: process ${String(other.pid)} on ${other.host}, since ${other.since}`
    throw new OperationalError(
      'daemon-running',
      `A daemon of this configuration runs already${who}.`,
      `End it first. If it does not run, remove the folder ${printable(folder)}/lock.`,
    )
  }
  return () => void releaseLock(folder, runId)
}

/** Who is the daemon of a state folder, and whether it runs. */
export interface Instance {
  readonly holder: LockHolder
  readonly alive: boolean
}

/** Given the machine and the state folder, return its daemon; undefined: none, or it ended as it should. Throws OperationalError. */
export async function daemonOf(system: System, stateFolder: RawPath): Promise<Instance | undefined> {
  const holder = lockHolder(daemonFolder(stateFolder))
  return holder === undefined ? undefined : { holder, alive: await isAlive(system, holder) }
}
