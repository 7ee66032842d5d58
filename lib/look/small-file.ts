import { OperationalError } from '../finding/operational-error.js'
import type { SmallFile } from '../image/small-file.js'
import { systemCode } from '../system/file-system-error.js'
import { look, readFileIn, type Folder } from '../system/folder.js'
import { size } from '../text/measure.js'
import type { RawPath } from '../text/raw-path.js'

/**
 * Given an open folder, a name in it and a limit in bytes, return the whole file as it was found. Its type and size are
 * looked at first, so that neither a FIFO nor a file of a terabyte is opened.
 */
export function readSmallFile(folder: Folder, name: RawPath, limitBytes: number): SmallFile {
  try {
    const stats = look(folder, name)
    if (stats === undefined) return { state: 'missing', fault: 'missing' }
    if (!stats.isFile()) return { state: 'unusable', fault: stats.isSymbolicLink() ? 'a symbolic link' : 'not a file' }
    if (stats.size > limitBytes) return { state: 'unusable', fault: `longer than ${size(limitBytes)}` }
    return { state: 'read', bytes: readFileIn(folder, name, 0, limitBytes) }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const system = systemCode(error)
    if (system === 'ENOENT') return { state: 'missing', fault: 'missing' }
    if (system === 'ELOOP' || error.code === 'not-a-file') return { state: 'unusable', fault: 'not a file' }
    return { state: 'unreadable', fault: error.message }
  }
}
