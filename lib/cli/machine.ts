import { configFileBeside, loadConfig, type LoadedConfig } from '../config/load.js'
import { fillDefaults } from '../config/defaults.js'
import { demandTools } from '../config/tools.js'
import type { Config } from '../generated/config.js'
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

/** As `machineOf`, for a verb that runs the programs which our settings name: none that others may write. */
export function trustedMachineOf(verb: string, config: string | undefined): Machine {
  const machine = machineOf(verb, config)
  demandTools(machine.loaded)
  return machine
}

/** Given the value of `--config` (undefined: the defaults hold), return our settings. Throws as `trustedMachineOf`. */
export function trustedSettings(config: string | undefined): Config {
  if (config === undefined) return fillDefaults({}).config
  const loaded = loadConfig(configFileBeside(absolute(config)))
  demandTools(loaded)
  return loaded.config
}

/** Given loaded settings, return the machine as they have it. */
export const systemOf = ({ config }: Pick<LoadedConfig, 'config'>): System =>
  realSystem({ ...config, commandSeconds: config.limits.commandSeconds })
