import { othersMayWrite } from '../mount/shared-volume.js'
import { hostName } from '../system/host.js'
import type { System } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'
import type { LockHolder } from './lock.js'
import { bootId, isAlive } from './process-chain.js'

/**
 * Given the machine, the folder that a lock lies in and who took it, tell whether that one may still be at work. One of
 * another name and another start is of another machine only where others may write into that folder: a machine may get a
 * new name each time it starts.
 */
export async function mayHold(system: System, folder: RawPath, holder: LockHolder): Promise<boolean> {
  // Processes of another machine cannot be seen from here.
  const isOfHere = holder.host === hostName() || holder.bootId === (await bootId(system))
  return isOfHere ? isAlive(system, holder) : othersMayWrite(system, folder)
}
