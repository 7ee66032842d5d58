import { storeFolder } from '../lbackup/store.js'
import { realPath } from '../system/file.js'
import { removeUnfinished } from '../system/unfinished.js'
import { baseName, join, parent } from '../text/raw-path.js'
import type { RunContext } from './context.js'

/** Given the run, which has the lock, remove the unfinished files of hooks that were killed while they wrote. */
export function removeLeftOvers({ stateFolder, excludesFile, environment }: RunContext): void {
  for (const folder of [stateFolder, join(stateFolder, 'lock'), storeFolder(environment.backupDest)]) {
    removeUnfinished(folder)
  }
  const excludes = realPath(excludesFile) ?? excludesFile
  removeUnfinished(parent(excludes), baseName(excludes))
}
