import { OperationalError } from '../finding/operational-error.js'
import { checkStore, refuseWrongStore, rememberedStore, rememberStore } from '../lbackup/store.js'
import { lookAt } from '../system/file.js'
import { printable } from '../text/printable.js'
import { withoutTrailingSlash } from '../text/raw-path.js'
import type { RunContext } from './context.js'

/**
 * Given the run, make sure that the backup disk is the one we know and that the source is what rsync should copy, and
 * return the disk's store id. Throws OperationalError, upon which the backup is halted.
 */
export function checkDisk(context: RunContext): string {
  const { environment, stateFolder } = context
  refuseLinkedSource(context)
  const known = rememberedStore(stateFolder)
  const check = checkStore(environment.backupDest, known)
  refuseWrongStore(environment.backupDest, stateFolder, check)
  if (check.id === undefined) throw new Error('the backup disk has no store id although it was accepted')
  if (check.id !== known) rememberStore(stateFolder, check.id)
  return check.id
}

/** rsync would store the link itself: Section.0 would then be the live source under another name. */
function refuseLinkedSource({ environment: { backupSource, useSSH } }: RunContext): void {
  if (useSSH || backupSource.trailingSlash) return
  if (lookAt(withoutTrailingSlash(backupSource.path))?.isSymbolicLink() !== true) return
  throw new OperationalError(
    'source-is-link',
    `LBackup's backupSource ${printable(backupSource.path)} is a symbolic link; Section.0 would become a link to the live files.`,
    'Write the real path into backupSource.',
  )
}
