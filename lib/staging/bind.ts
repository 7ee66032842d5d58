import { OperationalError } from '../finding/operational-error.js'
import { closeFolder, openFolder, openFolderIn, type Folder } from '../system/folder.js'
import { isSame, makeFolderIn } from '../system/folder-writes.js'
import type { System } from '../system/system.js'
import { noAnswer } from '../system/tool-answer.js'
import { handedOn } from '../system/volume.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'

/**
 * Given the held staging folder, show a folder in it read-only under a new name; what is mounted below that folder is not
 * shown. The folder is handed to mount(8) by our descriptor, so that no link somebody puts in its place is followed.
 * Throws OperationalError.
 */
export async function bindFolder(system: System, staging: Folder, path: RawPath, name: RawPath): Promise<void> {
  const shown = openFolder(path)
  try {
    const place = makeFolderIn(staging, name)
    closeFolder(place)
    // Without -c mount(8) would resolve the descriptor into a path, which may be another folder's by then.
    // Not private, it would get what is mounted below the folder later, and take that from its user when it is unmounted.
    const args = ['-c', '-o', 'bind,ro,nosuid,nodev,private', handedOn(shown), handedOn(staging, name)]
    const result = await system.tool('bind', args)
    const why = noAnswer(result)
    if (why !== undefined) throw failed(path, why)
    const seen = openFolderIn(staging, name)
    closeFolder(seen)
    if (!isSame(seen.stats, shown.stats)) throw failed(path, 'another folder was shown')
  } finally {
    closeFolder(shown)
  }
}

const failed = (path: RawPath, why: string): OperationalError =>
  new OperationalError(
    'staging-unbound',
    `${printable(path)} could not be shown in the staging folder: ${why}.`,
    'Mount it there by hand with mount --bind, and see what the program says.',
  )
