import { configFileBeside, loadConfig, type LoadedConfig } from '../config/load.js'
import { readSetup, type Setup } from '../install/setup.js'
import { stateFolderOf } from '../run/prepare.js'
import { realSystem, type System } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'
import { absolute, usage } from './arguments.js'

/** What most verbs are about: one LBackup configuration, our settings beside it, and this machine. */
export interface Machine {
  readonly setup: Setup
  readonly loaded: LoadedConfig
  readonly system: System
  readonly stateFolder: RawPath
}

/** Given a verb and the value of its `--config`, return the LBackup configuration it names. Throws OperationalError. */
export function setupOf(verb: string, config: string | undefined): Setup {
  if (config === undefined || config === '')
    throw usage(verb, '--config is missing: the configuration file of LBackup.')
  return readSetup(absolute(config))
}

/** As `setupOf`, with our settings and the machine as they have it. Throws OperationalError; nothing is made. */
export function machineOf(verb: string, config: string | undefined): Machine {
  const setup = setupOf(verb, config)
  const loaded = loadConfig(configFileBeside(setup.configurationFile))
  const system = systemOf(loaded)
  return {
    setup,
    loaded,
    system,
    stateFolder: stateFolderOf(loaded.config.stateFolder, setup.configurationFile, system),
  }
}

/** Given loaded settings, return the machine as they have it. */
export const systemOf = ({ config }: Pick<LoadedConfig, 'config'>): System =>
  realSystem({ ...config, commandSeconds: config.limits.commandSeconds })
