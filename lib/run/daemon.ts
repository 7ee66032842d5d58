import { configFileBeside } from '../config/load.js'
import { daemon } from '../daemon/daemon.js'
import { realEyes } from '../daemon/eyes.js'
import type { Freeze } from '../daemon/freezing.js'
import type { DaemonSetup } from '../daemon/install.js'
import type { FoundImage } from '../daemon/known.js'
import { readSeen } from '../daemon/notebook.js'
import type { Found } from '../daemon/settle.js'
import type { Search } from '../daemon/tasks.js'
import type { SearchOptions } from '../discover/discovery.js'
import type { Config } from '../generated/config.js'
import type { Setup } from '../install/setup.js'
import { backupSource } from '../lbackup/backup-source.js'
import { isYes, literal } from '../lbackup/configuration.js'
import { lookAtAccounts } from '../session/accounts.js'
import { otherPlaces } from '../session/other-places.js'
import { lookAt, realPath } from '../system/file.js'
import type { System } from '../system/system.js'
import { inWorker } from '../system/worker.js'
import { fromPrintable } from '../text/printable.js'
import { withoutTrailingSlash, type RawPath } from '../text/raw-path.js'
import { knownSlots } from './publish.js'
import { ownerName, userNames } from './owner-name.js'

/** What the daemon of one LBackup configuration needs. */
export interface DaemonContext {
  readonly setup: Setup
  readonly config: Config
  readonly system: System
  readonly stateFolder: RawPath
  /** How an image at rest is frozen; undefined: `source.mode` does not want it. */
  readonly freeze: Freeze | undefined
  /** Calls the daemon to its end. */
  readonly call: AbortSignal
  readonly say: (problem: string) => void
}

/** Given what it needs, be the daemon until called to end or its settings change; returns why it ended. */
export function runDaemon(context: DaemonContext): Promise<string> {
  const { setup, config, stateFolder } = context
  const roots = daemonRoots(setup, config)
  return daemon(
    { roots, seen: readSeen(stateFolder), ...config.daemon },
    realEyes({
      ...context,
      roots,
      configurationFolder: setup.configurationFolder,
      settings: [setup.configurationFile, configFileBeside(setup.configurationFile)],
      find: () => find(context, roots),
    }),
  )
}

/** Given LBackup's configuration and our settings, return the folders whose images the daemon follows. */
function daemonRoots({ configuration }: Setup, { search, source: { mode } }: Config): RawPath[] {
  const source = backupSource(literal(configuration, 'backupSource'))
  const roots = [...(mode === 'staging' ? [] : [source.path]), ...search.roots.map(fromPrintable)]
  // One that is not mounted now is waited for.
  return [...new Set(roots.map((path) => realPath(path) ?? path))]
}

/** Given one LBackup configuration, return what its daemon is installed for. */
export function daemonSetup(
  context: Pick<DaemonContext, 'setup' | 'config' | 'system' | 'stateFolder'>,
): Omit<DaemonSetup, 'folder'> {
  const { setup, config, system, stateFolder } = context
  const remote = isYes(setup.configuration, 'useSSH') === true
  return {
    platform: system.platform,
    configurationFile: setup.configurationFile,
    stateFolder,
    roots: remote ? [] : daemonRoots(setup, config),
    followsImages: !remote,
    alarmMinutes: config.daemon.alarmMinutes,
    ...(config.source.mode === 'staging'
      ? { stagingFolder: backupSource(literal(setup.configuration, 'backupSource')).path }
      : {}),
  }
}

async function find(context: DaemonContext, roots: readonly RawPath[]): Promise<Found> {
  const { system } = context
  const { discovery, milliseconds } = await search(context, roots)
  const [{ accounts }, names] = await Promise.all([lookAtAccounts(system, discovery.images), userNames(system)])
  const images = discovery.images.map((image): FoundImage => {
    const { slot, path, container, device, inode, root } = image
    const user = ownerName(image, accounts, names)
    return {
      slot,
      user,
      container,
      places: [path, ...otherPlaces(path, accounts)],
      device,
      inode,
      state: 'unknown',
      root,
    }
  })
  return {
    images,
    roots: new Map(roots.map((path) => [path, rootNow(path)])),
    milliseconds,
  }
}

function search({ setup, config, stateFolder }: DaemonContext, roots: readonly RawPath[]): Promise<Search> {
  const { everyFile, maxDepth, maxEntries, crossDevices } = config.search
  const backupDest = withoutTrailingSlash(literal(setup.configuration, 'backupDest'))
  const staging =
    config.source.mode === 'staging' ? [backupSource(literal(setup.configuration, 'backupSource')).path] : []
  const options: SearchOptions = {
    roots,
    // The first is where slots are named from, whatever the mode.
    source: roots[0] as RawPath,
    never: [backupDest, setup.configurationFolder, stateFolder, ...staging].map((path) => realPath(path) ?? path),
    everyFile,
    knownPaths: knownSlots({ stateFolder }).map(({ path }) => fromPrintable(path)),
    maxDepth,
    maxEntries,
    crossDevices,
  }
  const table = new URL('../daemon/tasks.js', import.meta.url)
  const limits = { timeoutSeconds: config.limits.hookMinutes * 60, what: 'the search for images' }
  return inWorker(table, 'find', options, limits)
}

function rootNow(path: RawPath): { device: number; inode: number } | undefined {
  const stats = lookAt(path)
  return stats?.isDirectory() === true ? { device: stats.dev, inode: stats.ino } : undefined
}
