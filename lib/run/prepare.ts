import { configFileBeside, loadConfig } from '../config/load.js'
import { demandTools } from '../config/tools.js'
import type { ToolsConfig } from '../generated/config.js'
import { backupSource, type BackupSource } from '../lbackup/backup-source.js'
import { excludesFile, readConfiguration } from '../lbackup/configuration.js'
import type { HookEnvironment } from '../lbackup/environment.js'
import { bootId, lbackupProcess, processIdentity } from '../lbackup/process-chain.js'
import { openStateFolder, stateFolderPath } from '../lbackup/state-folder.js'
import { readFileBounded, realPath } from '../system/file.js'
import { identifier } from '../system/identifier.js'
import { realSystem, type System } from '../system/system.js'
import { fromPrintable, printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { OperationalError } from '../finding/operational-error.js'
import type { RunContext } from './context.js'
import { reachMachine } from './reach-machine.js'

const mostBytes = 4 * 1024 * 1024

/** Given what LBackup told the hook, return all that its beats need. Throws OperationalError for what cannot be used. */
export async function prepare(
  environment: HookEnvironment,
  voice: Pick<RunContext, 'log' | 'print' | 'say'>,
): Promise<RunContext> {
  const configuration = readConfiguration(readFileBounded(environment.configurationFile, mostBytes).bytes)
  const loaded = loadConfig(configFileBeside(environment.configurationFile))
  const { config } = loaded
  const system = realSystem({ ...config, commandSeconds: config.limits.commandSeconds })
  demandTools(loaded, neededTools(system, environment))
  const stateFolder = stateFolderOf(config.stateFolder, environment.configurationFile, system)
  openStateFolder(stateFolder)
  const lbackup = (await lbackupProcess(system, environment.configurationFolder)) ?? (await caller(system))
  const reached = await reachMachine({ environment, config, system, stateFolder, lbackup })
  return {
    environment,
    config,
    system,
    source: environment.useSSH ? environment.backupSource : realSource(environment.backupSource),
    stateFolder,
    excludesFile: excludesFile(environment, configuration),
    runId: identifier(system.now()),
    startedAt: system.now(),
    bootId: await bootId(system),
    lbackup,
    ...reached,
    ...voice,
  }
}

/** Given the configured place of our state, if any, return the one that holds for this LBackup configuration. */
export function stateFolderOf(configured: string | undefined, configurationFile: RawPath, system: System): RawPath {
  if (configured !== undefined) return fromPrintable(configured)
  return stateFolderPath({
    configurationFile,
    platform: system.platform,
    root: process.getuid?.() === 0,
    environment: process.env,
  })
}

function neededTools({ platform }: System, { useSSH }: HookEnvironment): (keyof ToolsConfig)[] {
  const local: (keyof ToolsConfig)[] = platform === 'macos' ? ['hdiutil', 'lsof', 'rsync'] : ['rsync']
  return useSSH ? ['ssh', 'rsync'] : local
}

/** Links on the way to the source are LBackup's affair; the paths we meet in it are real ones. */
export function realSource(source: BackupSource): BackupSource {
  const real = realPath(source.path)
  if (real === undefined) {
    throw new OperationalError(
      'source-missing',
      `LBackup's backupSource ${printable(source.asWritten)} is not there.`,
      'Mount it, or correct backupSource.',
    )
  }
  return { ...backupSource(real), asWritten: source.asWritten, trailingSlash: source.trailingSlash }
}

/** Run by hand: whoever called stands for LBackup. */
async function caller(system: System): Promise<NonNullable<RunContext['lbackup']>> {
  const parent = await processIdentity(system, process.ppid)
  if (parent !== undefined) return parent
  throw new OperationalError(
    'lbackup-unknown',
    'The LBackup that runs this hook could not be found among the processes.',
    'Let LBackup run the hook.',
  )
}
