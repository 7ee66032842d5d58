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
import { isYes } from '../lbackup/configuration.js'
import { lookAtAccounts } from '../session/accounts.js'
import { otherPlaces } from '../session/other-places.js'
import { lookAt } from '../system/file.js'
import type { System } from '../system/system.js'
import { inWorker } from '../system/worker.js'
import type { RawPath } from '../text/raw-path.js'
import { daemonSearch } from './daemon-search.js'
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
  const { roots } = daemonSearch(context).options
  return daemon(
    { roots, seen: readSeen(stateFolder), ...config.daemon },
    realEyes({
      ...context,
      roots,
      configurationFolder: setup.configurationFolder,
      settings: [setup.configurationFile, configFileBeside(setup.configurationFile)],
      find: () => find(context),
    }),
  )
}

/** Given one LBackup configuration, return what its daemon is installed for. */
export function daemonSetup(
  context: Pick<DaemonContext, 'setup' | 'config' | 'system' | 'stateFolder'>,
): Omit<DaemonSetup, 'folder'> {
  const { setup, config, system, stateFolder } = context
  const remote = isYes(setup.configuration, 'useSSH') === true
  const { source, options } = daemonSearch(context)
  return {
    platform: system.platform,
    configurationFile: setup.configurationFile,
    stateFolder,
    roots: remote ? [] : options.roots,
    followsImages: !remote,
    alarmMinutes: config.daemon.alarmMinutes,
    ...(config.source.mode === 'staging' ? { stagingFolder: source.path } : {}),
  }
}

async function find(context: DaemonContext): Promise<Found> {
  const { system } = context
  const { options } = daemonSearch(context)
  const { discovery, milliseconds } = await search(context, options)
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
    roots: new Map(options.roots.map((path) => [path, rootNow(path)])),
    milliseconds,
  }
}

function search({ config }: DaemonContext, options: SearchOptions): Promise<Search> {
  const table = new URL('../daemon/tasks.js', import.meta.url)
  const limits = { timeoutSeconds: config.limits.hookMinutes * 60, what: 'the search for images' }
  return inWorker(table, 'find', options, limits)
}

function rootNow(path: RawPath): { device: number; inode: number } | undefined {
  const stats = lookAt(path)
  return stats?.isDirectory() === true ? { device: stats.dev, inode: stats.ino } : undefined
}
