import { rmdirSync } from 'node:fs'
import { OperationalError } from '../finding/operational-error.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { fileSystemError, systemCode } from './file-system-error.js'
import { unlinkIn } from './folder-writes.js'
import { closeFolder, entries, look, openFolderIn, reach, type Folder } from './folder.js'

const deepest = 256

/**
 * Given anything caught from `removeTreeIn`, tell whether it is of the tree's own users' making, who must not stop others
 * by it, and not of the disk. A volume that a user mounted himself may be closed even to root.
 */
export const isKeptByUser = (error: unknown): error is OperationalError =>
  error instanceof OperationalError && ['not-removed', 'unreadable'].includes(error.code)

/**
 * Given a held folder and a name, remove what stands there with all below it; none there is fine. Each folder is held
 * while it is emptied: a user who still has it open may plant links in it, but nothing outside of it is reached. Throws
 * OperationalError, also where another file system is mounted inside.
 */
export function removeTreeIn(folder: Folder, name: RawPath, depth = 0): void {
  const stats = look(folder, name)
  if (stats === undefined) return
  if (!stats.isDirectory()) return unlinkIn(folder, name)
  if (depth > deepest) throw refused(folder, name, `lies more than ${String(deepest)} folders deep`)
  // What is put in while we remove is found in the next round; who does so for ever keeps his folder.
  for (let round = 0; round < 8; round += 1) {
    empty(folder, name, depth)
    if (removed(folder, name)) return
  }
  throw refused(folder, name, 'is being filled by somebody while it is removed')
}

function empty(folder: Folder, name: RawPath, depth: number): void {
  const inner = openFolderIn(folder, name)
  try {
    if (inner.stats.dev !== folder.stats.dev) throw refused(folder, name, 'is another file system')
    for (const entry of entries(inner)) {
      const below = entry.name as RawPath
      if (entry.isFile() || entry.isSymbolicLink()) unlinkIn(inner, below)
      else removeTreeIn(inner, below, depth + 1)
    }
  } finally {
    closeFolder(inner)
  }
}

function removed(folder: Folder, name: RawPath): boolean {
  try {
    rmdirSync(reach(folder, name))
    return true
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (code === 'ENOENT') return true
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false
    throw fileSystemError(error, join(folder.path, name))
  }
}

const refused = (folder: Folder, name: RawPath, why: string): OperationalError =>
  new OperationalError(
    'not-removed',
    `${printable(join(folder.path, name))} ${why}; it was not removed.`,
    'Look at what lies there, and remove it by hand.',
  )
