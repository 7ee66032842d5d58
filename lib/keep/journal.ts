import { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { systemCode } from '../system/file-system-error.js'
import { writeFileIn } from '../system/folder-writes.js'
import { readFileIn, type Folder } from '../system/folder.js'
import { size } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'

/** What is written is read again: neither is ever more. */
const mostBytes = 1024 * 1024

/** Given a work folder, held, a name and what is about to be moved, note it, whole and synced. Throws OperationalError. */
export function writeJournal(folder: Folder, name: RawPath, journal: { readonly schema: string }): void {
  const text = `${JSON.stringify(journal)}\n`
  const bytes = Buffer.byteLength(text)
  if (bytes > mostBytes) {
    throw new OperationalError(
      'path-too-deep',
      `${printable(join(folder.path, name))} would have ${size(bytes)}, at most ${size(mostBytes)} are read again: the image lies too many folders deep.`,
      'Move the image, or lower search.maxDepth in filevault.json.',
    )
  }
  writeFileIn(folder, name, text)
}

/**
 * Given a work folder, held, a name and a schema, return the journal. undefined: there is none, so nothing was moved.
 * `damaged`: its writer died before anything was moved, or it was spoilt since. Throws OperationalError where it cannot be
 * read: then nobody knows, and nothing may be removed.
 */
export function readJournal<Journal extends { readonly schema: string }>(
  folder: Folder,
  name: RawPath,
  schema: Journal['schema'],
): Journal | 'damaged' | undefined {
  let text: string
  try {
    text = readFileIn(folder, name, 0, mostBytes).toString('utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    const journal = JSON.parse(text) as Journal | null
    return journal?.schema === schema ? journal : 'damaged'
  } catch {
    return 'damaged'
  }
}
