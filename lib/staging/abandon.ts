import type { System } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'
import { betweenRuns } from './freezing-lock.js'
import { endStaging } from './remove.js'

/**
 * Given a run whose LBackup is gone, remove what it put into the staging folder. Where somebody else is at work there, or
 * something cannot be removed, it stays for the next pre-backup hook.
 */
export const abandonStaging = (system: System, stateFolder: RawPath, run: string): Promise<void> =>
  betweenRuns(system, stateFolder, () => endStaging(system, stateFolder, { run })).catch(() => undefined)
