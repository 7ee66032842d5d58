import { OperationalError } from '../finding/operational-error.js'
import { bandName } from '../image/band-names.js'
import { bandNames } from '../look/members.js'
import { lookAtAll } from '../system/folder-looks.js'
import { closeFolder, openFolderIn, withFolder, type Folder } from '../system/folder.js'
import type { RawPath } from '../text/raw-path.js'

/** Given a bundle, return the numbers of its bands, ascending; none where they cannot be listed. */
export const bandsOf = (path: RawPath): Float64Array =>
  inBands(path, (folder) => bandNames(folder).indexes.slice()) ?? new Float64Array(0)

/**
 * Given a bundle and numbers of bands, return the ctime of each, whole microseconds since 1970, -1 where it is not there
 * or cannot be looked at; undefined where the bundle's bands cannot be reached. No link is followed.
 */
export const bandTimesOf = (path: RawPath, indexes: Float64Array): Float64Array | undefined =>
  inBands(path, (folder) => {
    const times = new Float64Array(indexes.length).fill(-1)
    let row = 0
    lookAtAll(folder, names(indexes), (_name, stats) => {
      if (stats !== undefined) times[row] = Math.floor(stats.ctimeMs * 1000)
      row += 1
    })
    return times
  })

function* names(indexes: Float64Array): Generator<RawPath, undefined> {
  for (const index of indexes) yield bandName(index)
}

function inBands<Result>(path: RawPath, use: (bands: Folder) => Result): Result | undefined {
  try {
    return withFolder(path, (bundle) => {
      const bands = openFolderIn(bundle, 'bands' as RawPath)
      try {
        return use(bands)
      } finally {
        closeFolder(bands)
      }
    })
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}
