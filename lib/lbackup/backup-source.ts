import { baseName, withoutTrailingSlash, type RawPath } from '../text/raw-path.js'

/** LBackup's backupSource. */
export interface BackupSource {
  /** As written in LBackup's configuration. */
  readonly asWritten: RawPath
  /** Without trailing slashes; of `/` it is `/`. */
  readonly path: RawPath
  /** Written with a trailing slash: rsync copies the folder's contents, not the folder (rsync manual, "USAGE"). */
  readonly trailingSlash: boolean
}

/** Given backupSource as written, return what rsync makes of it; `x/.` and `x/..` mean contents too. */
export function backupSource(asWritten: RawPath): BackupSource {
  let path = asWritten.replace(/\/{2,}/g, '/') as RawPath
  let trailingSlash = false
  while (path.length > 1 && (path.endsWith('/') || path.endsWith('/.'))) {
    trailingSlash = true
    path = withoutTrailingSlash((path.endsWith('/.') ? path.slice(0, -1) : path) as RawPath)
  }
  return { asWritten, path, trailingSlash: trailingSlash || path === '/' || baseName(path) === '..' }
}
