import { baseName, isWithin, join, parent, relativeTo, withoutTrailingSlash, type RawPath } from '../text/raw-path.js'
import type { BackupSource } from './backup-source.js'
import type { SectionKind } from './sections.js'

/** Given backupSource, return the transfer root: the folder that stands for `/` in rsync's anchored patterns. */
export const transferRoot = (source: BackupSource): RawPath =>
  source.trailingSlash ? source.path : parent(source.path)

/**
 * Given backupSource and an absolute source path, return the path rsync's anchored patterns name it by: `/src/docs`
 * without a trailing slash, `/docs` with one (rsync manual, "ANCHORING INCLUDE/EXCLUDE PATTERNS"); undefined outside.
 */
export function transferPath(source: BackupSource, path: RawPath): RawPath | undefined {
  if (!isWithin(path, source.path)) return undefined
  return join('/' as RawPath, relativeTo(withoutTrailingSlash(path), transferRoot(source)))
}

/**
 * Given backupSource, an absolute source path, a section's folder and what the section is, return where the copy of that
 * path lies; undefined for a path outside of the source. A source that is one file becomes the section itself.
 */
export function pathInSection(
  source: BackupSource,
  path: RawPath,
  section: RawPath,
  kind: SectionKind = 'folder',
): RawPath | undefined {
  const below = transferPath(source, path)
  if (below === undefined) return undefined
  if (kind === 'folder') return withoutTrailingSlash(join(section, below.slice(1)))
  return withoutTrailingSlash(path) === source.path ? section : undefined
}

/** Given backupSource, a section's folder and a path in it, return the absolute source path it was copied from. */
export function pathInSource(
  source: BackupSource,
  path: RawPath,
  section: RawPath,
  kind: SectionKind = 'folder',
): RawPath | undefined {
  if (!isWithin(path, section)) return undefined
  if (kind !== 'folder') return path === section ? source.path : undefined
  const original = withoutTrailingSlash(join(transferRoot(source), relativeTo(path, section)))
  return isWithin(original, source.path) ? original : undefined
}

/** Given backupSource, return the name its folder has in a section; undefined where the contents lie there directly. */
export const nameInSection = (source: BackupSource): RawPath | undefined =>
  source.trailingSlash ? undefined : baseName(source.path)
