import type { SearchOptions } from '../discover/discovery.js'
import { realPath } from '../system/file.js'
import { fromPrintable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { originOf } from './origin.js'
import type { PlanRequest } from './plan-type.js'
import type { SourceMachine } from './source-machine.js'

/** Given a plan's request and files that were images before, return where and how the source is searched. */
export function searchOptions(
  {
    config,
    source,
    ownPaths,
    machine,
  }: Pick<PlanRequest, 'config' | 'source' | 'ownPaths'> & { readonly machine: Pick<SourceMachine, 'here'> },
  knownPaths: readonly RawPath[],
): SearchOptions {
  const { search } = config
  // Of another machine's paths nothing is known here.
  const real = (path: RawPath): RawPath => (machine.here ? (realPath(path) ?? path) : path)
  const staging = config.source.mode === 'staging'
  const roots = [...(staging ? [] : [source.path]), ...search.roots.map(fromPrintable)].map(real)
  return {
    roots: [...new Set(roots)],
    source: originOf(config, source).path,
    never: machine.here ? [...ownPaths, ...(staging ? [source.path] : [])].map(real) : [],
    everyFile: search.everyFile,
    knownPaths,
    maxDepth: search.maxDepth,
    maxEntries: search.maxEntries,
    crossDevices: search.crossDevices,
  }
}
