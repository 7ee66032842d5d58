import type { SearchOptions } from '../discover/discovery.js'
import type { Config } from '../generated/config.js'
import type { Setup } from '../install/setup.js'
import { backupSource, type BackupSource } from '../lbackup/backup-source.js'
import { literal } from '../lbackup/configuration.js'
import { realPath } from '../system/file.js'
import { fromPrintable } from '../text/printable.js'
import { withoutTrailingSlash, type RawPath } from '../text/raw-path.js'
import { knownSlots } from './publish.js'
import { searchOptions } from './search-options.js'

/** Where the daemon looks, as the runs of the same configuration do. */
export interface DaemonSearch {
  /** backupSource, links on the way to it resolved. */
  readonly source: BackupSource
  /** Folders of the backup itself. */
  readonly ownPaths: readonly RawPath[]
  readonly options: SearchOptions
}

/** Given LBackup's configuration, our settings and the state folder, return where and how images of this machine are searched. */
export function daemonSearch({
  setup,
  config,
  stateFolder,
}: {
  readonly setup: Setup
  readonly config: Config
  readonly stateFolder: RawPath
}): DaemonSearch {
  const written = backupSource(literal(setup.configuration, 'backupSource'))
  // One that is not mounted now is waited for.
  const source = { ...written, path: real(written.path) }
  const ownPaths = [literal(setup.configuration, 'backupDest'), setup.configurationFolder, stateFolder].map(real)
  const knownPaths = knownSlots({ stateFolder }).map(({ path }) => fromPrintable(path))
  return { source, ownPaths, options: searchOptions({ config, source, ownPaths, machine: { here: true } }, knownPaths) }
}

const real = (path: RawPath): RawPath => realPath(withoutTrailingSlash(path)) ?? path
