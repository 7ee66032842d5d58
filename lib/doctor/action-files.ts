import type { Phase } from '../lbackup/exit-codes.js'
import { systemCode } from '../system/file-system-error.js'
import { namesIn } from '../system/exclusive-file.js'
import { lookAt, readFileBounded, realPath } from '../system/file.js'
import { openFolder, closeFolder, readFileIn } from '../system/folder.js'
import { baseName, join, parent, type RawPath } from '../text/raw-path.js'
import type { ActionFile } from './actions.js'

const beginning = 256 * 1024

/** Given LBackup's configuration folder, return every name in its two folders of actions that begins with BACKUP. */
export function readActions(configurationFolder: RawPath): ActionFile[] {
  return (['pre', 'post'] as const).flatMap((phase) => {
    const folder = join(configurationFolder, 'resources', `${phase}-actions`)
    return names(folder)
      .filter((name) => name.startsWith('BACKUP'))
      .sort()
      .map((name) => actionFile(phase, join(folder, name)))
  })
}

/** No folder of actions is fine: LBackup then runs none. */
function names(folder: RawPath): RawPath[] {
  try {
    return namesIn(folder)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return []
    throw error
  }
}

function actionFile(phase: Phase, path: RawPath): ActionFile {
  const real = realPath(path)
  const stats = real === undefined ? undefined : lookAt(real)
  const none = { phase, path, executable: false, size: 0, text: '' }
  if (real === undefined || stats === undefined) return { ...none, kind: 'dangling-link' }
  if (stats.isDirectory()) return { ...none, kind: 'folder' }
  if (!stats.isFile()) return { ...none, kind: 'other' }
  const text = start(real, stats.size)
  return { phase, path, kind: 'file', executable: (stats.mode & 0o111) !== 0, size: stats.size, text }
}

function start(path: RawPath, size: number): string {
  if (size <= beginning) return readFileBounded(path, beginning).bytes.toString('latin1')
  const folder = openFolder(parent(path))
  try {
    return readFileIn(folder, baseName(path), 0, beginning).toString('latin1')
  } finally {
    closeFolder(folder)
  }
}
