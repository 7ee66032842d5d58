import { readlinkSync } from 'node:fs'
import { OperationalError } from '../finding/operational-error.js'
import { baseName, fromLatin1, parent, type RawPath } from '../text/raw-path.js'
import { reach, withFolder } from './folder.js'
import { fileSystemError } from './file-system-error.js'

/** Given an absolute path, return what the symbolic link there says, following none on the way; undefined where none can be read. */
export function linkTarget(path: RawPath): RawPath | undefined {
  try {
    return withFolder(parent(path), (folder) => {
      try {
        return fromLatin1(readlinkSync(reach(folder, baseName(path)), 'latin1'))
      } catch (error) {
        throw fileSystemError(error, path)
      }
    })
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}
