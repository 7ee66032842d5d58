import { readExcludes } from '../link/apply.js'
import { launcherMark, launcherNames } from './launcher.js'
import { OperationalError } from '../finding/operational-error.js'
import type { Phase } from '../lbackup/exit-codes.js'
import { exists, lookAt, readFileBounded } from '../system/file.js'
import { join, type RawPath } from '../text/raw-path.js'
import { madeMark, type StandingFile } from './steps.js'

/** What stands where a launcher belongs. */
export type StandingLauncher =
  | { readonly state: 'absent' }
  | ({ readonly state: 'ours' } & StandingFile)
  /** Anything that does not carry our mark; it is never touched. */
  | { readonly state: 'foreign' }

/** What stands of an installation in LBackup's configuration folder. */
export interface Standing {
  readonly folder: RawPath
  /** Of `resources` and the two folders in it: those that are missing, and those that `install` made. */
  readonly missingFolders: readonly RawPath[]
  readonly madeFolders: readonly RawPath[]
  readonly launchers: Readonly<Record<Phase, StandingLauncher>>
  /** filevault.json; undefined: there is none. */
  readonly settings: string | undefined
}

const mostBytes = 4 * 1024 * 1024

/** Given LBackup's configuration folder and a phase, return where that launcher belongs. */
export const launcherPath = (folder: RawPath, phase: Phase): RawPath =>
  join(folder, 'resources', `${phase}-actions`, launcherNames[phase])

/** Given LBackup's configuration folder, return what stands in it. Throws OperationalError where it cannot be read. */
export function standing(folder: RawPath): Standing {
  const folders = ['resources', 'resources/pre-actions', 'resources/post-actions'].map((name) => join(folder, name))
  return {
    folder,
    missingFolders: folders.filter((path) => !exists(path)),
    madeFolders: folders.filter((path) => exists(join(path, madeMark))),
    launchers: { pre: launcher(launcherPath(folder, 'pre')), post: launcher(launcherPath(folder, 'post')) },
    settings: settings(join(folder, 'filevault.json')),
  }
}

/** Given the path of LBackup's excludes file, tell whether lines of ours stand in it; false where there is no such file. */
export function blockStands(excludesFile: RawPath): boolean {
  try {
    return readExcludes(excludesFile).parts.found
  } catch (error) {
    if (error instanceof OperationalError && error.code === 'excludes-missing') return false
    throw error
  }
}

function launcher(path: RawPath): StandingLauncher {
  const stats = lookAt(path)
  if (stats === undefined) return { state: 'absent' }
  if (!stats.isFile() || stats.size > mostBytes) return { state: 'foreign' }
  const text = readFileBounded(path, mostBytes).bytes.toString('utf8')
  return text.includes(launcherMark) ? { state: 'ours', text, mode: stats.mode & 0o7777 } : { state: 'foreign' }
}

/** A link counts as present: what it leads to is the administrator's. */
function settings(path: RawPath): string | undefined {
  const stats = lookAt(path)
  if (stats === undefined) return undefined
  return stats.isFile() && stats.size <= mostBytes ? readFileBounded(path, mostBytes).bytes.toString('utf8') : ''
}
