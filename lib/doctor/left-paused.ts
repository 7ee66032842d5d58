import { OperationalError } from '../finding/operational-error.js'
import type { System } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'
import { endLeftPaused, leftPaused, leftPausedWords } from '../watch/left-paused.js'
import { found, type DoctorFinding } from './found.js'

/**
 * Given the machine, the state folder and how long a pause may take in milliseconds, return what is to be said of an rsync
 * that a dead watch left paused. With `letGoOn` it goes on: LBackup would wait for it for ever, and refuse every later run.
 */
export async function leftPausedFindings(
  system: System,
  stateFolder: RawPath,
  longestPause: number,
  letGoOn: boolean,
): Promise<DoctorFinding[]> {
  try {
    return await findings(system, stateFolder, longestPause, letGoOn)
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const message = `Whether rsync was left paused could not be found out: ${error.message}`
    return [found('check-impossible', 'warning', message, error.cure)]
  }
}

async function findings(
  system: System,
  stateFolder: RawPath,
  longestPause: number,
  letGoOn: boolean,
): Promise<DoctorFinding[]> {
  const left = await leftPaused(system, stateFolder, longestPause)
  if (left === undefined) return []
  const words = leftPausedWords(left)
  if (!letGoOn) {
    const command = `kill -CONT ${left.processes.map(({ pid }) => String(pid)).join(' ')}`
    return [found('rsync-left-paused', 'error', `${words}.`, `Let it go on, with status --alarm or: ${command}`)]
  }
  await endLeftPaused(system, stateFolder, left, 'status --alarm')
  const cure = 'Look in the system’s log for who ended the watch and its guard.'
  return [found('rsync-left-paused', 'warning', `${words}; it goes on now.`, cure)]
}
