import { OperationalError } from '../finding/operational-error.js'
import { printable } from '../text/printable.js'
import { isWithin, relativeTo, withoutTrailingSlash, type RawPath } from '../text/raw-path.js'

/** How paths of the source look to rsync. */
export interface TransferRoot {
  /** The folder in whose paths we speak: absolute, without trailing slash. */
  readonly folder: RawPath
  /** What stands in front of a path below `folder` in a pattern: `/name` of the source, or nothing. */
  readonly prefix: RawPath
}

/**
 * Given LBackup's `backupSource` as written and, where a link leads to it, its real path, return how rsync names what
 * lies in it: without a trailing slash `/name/…`, with one (also `.`, `..` or `/` at the end) `/…`, as rsync's manual
 * says. Throws OperationalError for a path that is not absolute.
 */
export function transferRoot(source: RawPath, real: RawPath = source): TransferRoot {
  const folder = withoutTrailingSlash(real.replace(/\/(\.?\/)+|\/\.$/g, '/') as RawPath)
  if (!folder.startsWith('/') || folder.split('/').some((name) => name === '.' || name === '..')) {
    throw new OperationalError(
      'source-not-absolute',
      `The backup's source ${printable(source)} is no plain absolute path, so no exclude pattern can be made for it.`,
      "Write backupSource in LBackup's configuration as an absolute path without `.` and `..`.",
    )
  }
  const last = source.slice(source.lastIndexOf('/') + 1)
  const contentsOnly = last === '' || last === '.' || last === '..'
  return { folder, prefix: (contentsOnly ? '' : `/${last}`) as RawPath }
}

/** Given a path within the source, return it as rsync sees it: `/src/bob`; empty for the transfer root itself. */
export function transferPath(root: TransferRoot, path: RawPath): RawPath {
  if (!isWithin(path, root.folder)) throw new Error(`not in the source: ${printable(path)}`)
  const below = relativeTo(path, root.folder)
  return (below === '' ? root.prefix : `${root.prefix}/${below}`) as RawPath
}

const wildcard = /[*?[\r\n]/
const special = /[\\*?[\r\n]/g

// A line end cannot stand in an excludes file, and `?` would also match siblings nobody named. These match that byte only.
const lineEnds: Readonly<Record<string, string>> = {
  '\n': '[^\x01-\x09\x0b-\xff]',
  '\r': '[^\x01-\x0c\x0e-\xff]',
}

/**
 * Given a path as rsync sees it, return the pattern that matches it alone. rsync takes a backslash literally in a
 * pattern without wildcards and as an escape in one with (rsync manual, "PATTERN MATCHING RULES"), so it is doubled only
 * there. `inWildcards`: the pattern will get a wildcard from the caller.
 */
export function literalPattern(path: RawPath, inWildcards = false): RawPath {
  if (!inWildcards && !wildcard.test(path)) return path
  return path.replace(special, (byte) => lineEnds[byte] ?? `\\${byte}`) as RawPath
}

/** Given a path as rsync sees it, return the pattern of every entry directly in that folder. */
export const patternOfEntries = (path: RawPath): RawPath => `${literalPattern(path, true)}/*` as RawPath

/**
 * Longest pattern in bytes that rsync takes: it discards one of MAXPATHLEN or more with a message and goes on (rsync
 * exclude.c, "discarding over-long filter"). MAXPATHLEN is 4096 on Linux, 1024 on macOS.
 */
export const longestPattern = { linux: 4095, macos: 1023 } as const
