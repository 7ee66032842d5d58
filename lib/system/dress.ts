import { closeSync, constants, openSync, type Stats } from 'node:fs'
import { join, type RawPath } from '../text/raw-path.js'
import { fileSystemError } from './file-system-error.js'
import { dressLike } from './folder-writes.js'
import { reach, type Folder } from './folder.js'

type Clothes = Pick<Stats, 'uid' | 'gid' | 'mode' | 'atimeMs' | 'mtimeMs'>

/** Given a held folder and the stats of another one, give it their owner, mode and times. */
export function dressFolder(folder: Folder, like: Clothes): void {
  try {
    dressLike(folder.descriptor, like)
  } catch (error) {
    throw fileSystemError(error, folder.path)
  }
}

/** Given a held folder and a file in it, give that file owner, mode and times of other stats. */
export function dressFileIn(folder: Folder, name: RawPath, like: Clothes): void {
  try {
    const descriptor = openSync(reach(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      dressLike(descriptor, like)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw fileSystemError(error, join(folder.path, name))
  }
}
