import type { SearchOptions } from '../discover/discovery.js'
import { realPath } from '../system/file.js'
import { fromPrintable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { PlanRequest } from './plan-type.js'

/** Given a plan's request and files that were images before, return where and how the source is searched. */
export function searchOptions(
  { config: { search }, source, ownPaths }: Pick<PlanRequest, 'config' | 'source' | 'ownPaths'>,
  knownPaths: readonly RawPath[],
): SearchOptions {
  const roots = [source.path, ...search.roots.map(fromPrintable)].map((root) => realPath(root) ?? root)
  return {
    roots: [...new Set(roots)],
    source: source.path,
    never: ownPaths.map((path) => realPath(path) ?? path),
    everyFile: search.everyFile,
    knownPaths,
    maxDepth: search.maxDepth,
    maxEntries: search.maxEntries,
    crossDevices: search.crossDevices,
  }
}
