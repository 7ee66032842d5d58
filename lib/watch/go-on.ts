import { OperationalError } from '../finding/operational-error.js'
import { findProcess } from '../lbackup/process-list.js'
import { signal } from '../system/background.js'
import type { System } from '../system/system.js'
import type { WatchedProcess } from './order.js'

/**
 * Given the machine and processes that were stopped, let those go on that are still the same ones, and return which of
 * them stood still. Where the list of processes cannot be read all are told to go on: it does nothing to any other.
 */
export async function letGoOn(system: System, processes: readonly WatchedProcess[]): Promise<WatchedProcess[]> {
  const states = await Promise.all(processes.map((one) => stateOf(system, one)))
  processes.forEach(({ pid }, at) => {
    if (states[at] !== 'gone') signal(pid, 'SIGCONT')
  })
  return processes.filter((_, at) => states[at] === 'stopped')
}

/** Given the machine and processes, return those of them that stand still. */
export async function standing(system: System, processes: readonly WatchedProcess[]): Promise<WatchedProcess[]> {
  const states = await Promise.all(processes.map((one) => stateOf(system, one)))
  return processes.filter((_, at) => states[at] === 'stopped')
}

async function stateOf(system: System, { pid, startTime }: WatchedProcess) {
  try {
    const entry = await findProcess(system, pid)
    if (entry?.startTime !== startTime || entry.zombie) return 'gone'
    return entry.stopped ? 'stopped' : 'running'
  } catch (error) {
    if (error instanceof OperationalError) return 'unknown'
    throw error
  }
}
