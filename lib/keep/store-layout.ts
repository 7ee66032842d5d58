import type { CopyLabel } from '../generated/copy.js'
import { storeFolder } from '../lbackup/store.js'
import type { Section } from '../lbackup/sections.js'
import { realPath } from '../system/file.js'
import { fromPrintable } from '../text/printable.js'
import { baseName, join, type RawPath } from '../text/raw-path.js'

/** Given LBackup's backupDest, return the folder of kept copies. */
export const keptFolder = (backupDest: RawPath): RawPath =>
  join(storeFolder(realPath(backupDest) ?? backupDest), 'kept')

/** Given a section, return the folder of its labels and manifests. */
export const sectionFolder = ({ path }: Pick<Section, 'path'>): RawPath => join(path, '.lbackup-filevault')

/** The name an image has in the store and in our work folder. */
export const imageName = ({ path }: Pick<CopyLabel, 'path'>): RawPath => baseName(fromPrintable(path))

/** Where the image of a label lies in a section. */
export const imageIn = (section: Section, { copyPath }: Pick<CopyLabel, 'copyPath'>): RawPath =>
  copyPath === '' ? section.path : join(section.path, fromPrintable(copyPath))

/** Given a label, return the name of its generation in the store. */
export function generationOf({ run, madeAt }: Pick<CopyLabel, 'run' | 'madeAt'>): string {
  return run === 'adopted' ? `adopted-${madeAt.replace(/[^0-9TZ]/g, '')}` : run
}
