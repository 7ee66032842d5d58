import { OperationalError } from '../finding/operational-error.js'
import type { ReportImage } from '../generated/report.js'
import type { SlotStatus } from '../generated/status.js'
import type { BackupSource } from '../lbackup/backup-source.js'
import { lookAt } from '../system/file.js'
import { names, withFolder } from '../system/folder.js'
import { fromPrintable } from '../text/printable.js'
import { isWithin, parent, type RawPath } from '../text/raw-path.js'

/** Given the source and images that were seen, tell of each, by slot, whether its folder lies on the source's volume. */
export function volumesOfImages(
  source: BackupSource,
  images: readonly Pick<ReportImage, 'slot' | 'path'>[],
): ReadonlyMap<string, boolean> {
  return new Map(
    images.flatMap(({ slot, path }) => {
      const same = isOnSourceVolume(source, parent(fromPrintable(path)))
      return same === undefined ? [] : [[slot, same]]
    }),
  )
}

/**
 * Given the source and a slot whose image the search did not find, tell whether it is gone: the folder that it lay in, or
 * the nearest above that is still there, could be read and lies on the same volume as then. Anything else may be a volume
 * that is not mounted tonight, or rights that are missing; then nobody knows. Devices are compared with that of the
 * source, because their numbers change when a volume is mounted again.
 */
export function isGone(source: BackupSource, { path, onSourceVolume = true }: SlotStatus): boolean {
  try {
    let folder = parent(fromPrintable(path))
    while (lookAt(folder) === undefined && folder !== source.path && isWithin(folder, source.path))
      folder = parent(folder)
    withFolder(folder, names)
    return isOnSourceVolume(source, folder) === onSourceVolume
  } catch (error) {
    if (error instanceof OperationalError) return false
    throw error
  }
}

function isOnSourceVolume(source: BackupSource, folder: RawPath): boolean | undefined {
  try {
    const [there, here] = [lookAt(folder), lookAt(source.path)]
    return there === undefined || here === undefined ? undefined : there.dev === here.dev
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}
