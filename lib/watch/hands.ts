import { performance } from 'node:perf_hooks'
import type { WatchLine } from '../generated/watch.js'
import { isAlive } from '../lbackup/process-chain.js'
import { attachedVolumes } from '../mount/attached-volumes.js'
import { signal } from '../system/background.js'
import type { System } from '../system/system.js'
import { letGoOn } from './go-on.js'
import { startGuard } from './guard.js'
import { journalPath } from './journal.js'
import type { WatchOrder } from './order.js'
import type { Hands } from './reaction.js'
import { rsyncProcesses } from './rsync-processes.js'

/** Given an order, the machine and what tells, return the hands on the rsync of this machine. */
export function realHands(order: Omit<WatchOrder, 'source'>, system: System, tell: (line: WatchLine) => void): Hands {
  const { lbackup, platform, tools, stateFolder } = order
  return {
    now: () => performance.now(),
    lbackupLives: () => isAlive(system, lbackup),
    rsync: () => rsyncProcesses(system, lbackup),
    async volumes() {
      const { volumes, problems } = await attachedVolumes(system)
      return problems.length > 0 ? undefined : volumes.map(({ mountPoint }) => mountPoint)
    },
    startGuard(wentOn, lost) {
      const guard = startGuard(wentOn, lost)
      const journal = journalPath(stateFolder)
      return {
        ...guard,
        arm: (slot, processes, longest) => guard.arm({ slot, processes, longest, journal, platform, tools }),
      }
    },
    signal,
    letGoOn: (processes) => letGoOn(system, processes),
    tell: (line) => tell({ at: new Date().toISOString(), ...line }),
  }
}
