import { placeOf } from '../discover/slot.js'
import type { Config } from '../generated/config.js'
import type { Image } from '../image/image.js'
import type { BackupSource } from '../lbackup/backup-source.js'
import { realPath } from '../system/file.js'
import { fromPrintable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'

/**
 * Given the settings and backupSource, return where the images lie and their slots are named from: backupSource itself or,
 * where that is the staging folder, the first of `search.roots`, so that a slot is the same whatever the mode.
 */
export function originOf(
  { source: { mode }, search }: Pick<Config, 'source' | 'search'>,
  source: BackupSource,
): BackupSource {
  const [first] = search.roots
  if (mode !== 'staging' || first === undefined) return source
  const path = fromPrintable(first)
  return { ...source, path: realPath(path) ?? path }
}

/** Given the staging folder and an image, return where it stands there, wherever it lies: in its slot, by its name at rest. */
export const stagedPath = ({ path }: Pick<BackupSource, 'path'>, image: Pick<Image, 'slot' | 'path'>): RawPath =>
  join(path, image.slot, placeOf(image.path).name)
