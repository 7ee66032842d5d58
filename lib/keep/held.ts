import type { KnownCopy } from '../generated/slots.js'
import { OperationalError } from '../finding/operational-error.js'
import { entries, look, openFolderIn, closeFolder, withFolder, type Folder } from '../system/folder.js'
import { join, type RawPath } from '../text/raw-path.js'
import { keptFolder } from './store-layout.js'

/** What keeping one slot costs. */
export interface Held {
  /** Bytes of files that have no name outside of the store. */
  readonly bytes: number
  /** A file of it has a name in a section too: whoever writes into one changes the other. */
  readonly shared: boolean
  readonly generations: number
}

/** Given LBackup's backupDest, a slot and its copies, look at all files kept of it. Nothing is read. */
export function heldBy(backupDest: RawPath, slot: string, copies: readonly KnownCopy[]): Held {
  const generations = copies.filter(({ place }) => place.generation !== undefined).length
  const files = new Map<number, { size: number; links: number; names: number }>()
  try {
    withFolder(join(keptFolder(backupDest), slot), (folder) => gather(folder, files, 0))
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return { bytes: 0, shared: false, generations }
  }
  let bytes = 0
  let shared = false
  for (const { size, links, names } of files.values()) {
    if (names >= links) bytes += size
    else shared = true
  }
  return { bytes, shared, generations }
}

const deepest = 64

function gather(folder: Folder, files: Map<number, { size: number; links: number; names: number }>, depth: number) {
  for (const entry of entries(folder)) {
    const name = entry.name as RawPath
    if (entry.isDirectory() && depth < deepest) {
      const inner = openFolderIn(folder, name)
      try {
        gather(inner, files, depth + 1)
      } finally {
        closeFolder(inner)
      }
    } else if (entry.isFile()) {
      const stats = look(folder, name)
      if (stats === undefined) continue
      const known = files.get(stats.ino)
      if (known === undefined) files.set(stats.ino, { size: stats.size, links: stats.nlink, names: 1 })
      else known.names += 1
    }
  }
}
