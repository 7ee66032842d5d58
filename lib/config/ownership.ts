import { lookAt, realPath } from '../system/file.js'
import { printable } from '../text/printable.js'
import { parent, type RawPath } from '../text/raw-path.js'

/** Owner and mode as `stat` tells them. */
export interface Ownership {
  readonly uid: number
  readonly mode: number
}

/**
 * Given a path and what stands there (links followed), return why others than root and we could change it, with what to
 * do; undefined where they could not. The folder counts too: who may write it may put another file in its place. ACLs are
 * not seen.
 */
export function writableByOthers(path: RawPath, file: Ownership): string | undefined {
  const real = realPath(path) ?? path
  const folders = new Set([parent(real), parent(path)])
  return weakness(real, file) ?? [...folders].map(folderWeakness).find((why) => why !== undefined)
}

function folderWeakness(path: RawPath): string | undefined {
  const found = lookAt(realPath(path) ?? path)
  return found === undefined ? undefined : weakness(path, found)
}

/** As `writableByOthers`, of that file or folder alone. */
export function weakness(path: RawPath, { uid, mode }: Ownership): string | undefined {
  const ours = process.geteuid?.() ?? 0
  if (uid !== 0 && uid !== ours) {
    return `${printable(path)} belongs to user id ${String(uid)}, who may change it at any time: give it to root`
  }
  if ((mode & 0o022) === 0) return undefined
  const writers = (mode & 0o002) === 0 ? 'its group' : 'everybody'
  return `${printable(path)} may be written by ${writers} (mode ${(mode & 0o7777).toString(8)}): run chmod go-w on it`
}
