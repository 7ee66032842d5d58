import { OperationalError } from '../finding/operational-error.js'
import { lookAt } from '../system/file.js'
import { createFolderExclusively } from '../system/exclusive-file.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'

/**
 * Given the path of a folder of our own whose parent stands, make it (mode 0700) or check the one that stands: a link,
 * anything but a folder, a folder others may write and (unless `anyOwner`) one that is not ours is an OperationalError.
 */
export function openOwnFolder(path: RawPath, options: { anyOwner?: boolean } = {}): void {
  createFolderExclusively(path)
  const stats = lookAt(path)
  const shown = printable(path)
  if (stats === undefined) throw refused(`${shown} vanished while it was being made.`, 'Run again.')
  if (stats.isSymbolicLink()) {
    throw refused(`${shown} is a symbolic link; our own folder must be a real one.`, 'Remove the link.')
  }
  if (!stats.isDirectory()) throw refused(`${shown} is not a folder.`, 'Move away what lies there.')
  if (options.anyOwner !== true && stats.uid !== process.getuid?.()) {
    const owner = `user id ${String(stats.uid)}`
    throw refused(
      `${shown} belongs to ${owner}, not to us: ${owner} could forge what we remember.`,
      `Look at who made it, and remove it if nothing in it is needed.`,
    )
  }
  if ((stats.mode & 0o022) !== 0) {
    throw refused(`${shown} may be written by others, who could forge what we remember.`, `Run: chmod go-w '${shown}'`)
  }
}

const refused = (message: string, cure: string): OperationalError =>
  new OperationalError('own-folder-unsafe', message, cure)
