import { storeFolder } from '../lbackup/store.js'
import { realPath } from '../system/file.js'
import { removeUnfinished } from '../system/unfinished.js'
import { baseName, join, parent } from '../text/raw-path.js'
import type { RunContext } from './context.js'
import { removeWaiting } from './waiting-record.js'

/** Given the run, which has the lock, remove what hooks left that were killed while they wrote or waited. */
export function removeLeftOvers({ stateFolder, excludesFile, environment }: RunContext): void {
  for (const folder of [stateFolder, join(stateFolder, 'lock'), storeFolder(environment.backupDest)]) {
    removeUnfinished(folder)
  }
  removeWaiting(stateFolder)
  const excludes = realPath(excludesFile) ?? excludesFile
  removeUnfinished(parent(excludes), baseName(excludes))
}
