import { configFileBeside, loadConfig } from '../config/load.js'
import { OperationalError } from '../finding/operational-error.js'
import { configSample } from '../generated/config-sample.js'
import { excludesFile, literal } from '../lbackup/configuration.js'
import { exists, readFileBounded, realPath } from '../system/file.js'
import { packageFolder } from '../system/package.js'
import type { System } from '../system/system.js'
import { fromText, join, type RawPath } from '../text/raw-path.js'
import { refuseWhileRunning } from './backup-lock.js'
import type { LauncherFacts } from './launcher.js'
import { nodePath } from './node-path.js'
import { planInstall, planUninstall } from './plan.js'
import { selfTest } from './self-test.js'
import { pathText, type Setup } from './setup.js'
import { blockStands, standing } from './standing.js'
import { applySteps, type Step } from './steps.js'

const mostBytes = 1024 * 1024

/** Given LBackup's configuration, return what its launchers are made from. Throws OperationalError, with line and cure. */
export function launcherFacts(setup: Setup): Omit<LauncherFacts, 'phase'> {
  const { config } = loadConfig(configFileBeside(setup.configurationFile))
  const folder = fromText(packageFolder())
  return {
    node: nodePath(process.execPath),
    package: pathText(realPath(folder) ?? folder),
    onCrash: config.onCrash,
    hookMinutes: config.limits.hookMinutes,
    excludesName: pathText(literal(setup.configuration, 'excludes_filename')),
  }
}

/** The launcher's template, as it lies in this package. */
export function launcherTemplate(): string {
  return readFileBounded(join(fromText(packageFolder()), 'hooks/launcher.sh'), mostBytes).bytes.toString('utf8')
}

/** Given LBackup's configuration, return what `install` would do; nothing is changed. Throws OperationalError. */
export function installSteps(setup: Setup): Step[] {
  const launcher = launcherFacts(setup)
  refuseUnbuilt(launcher.package)
  return planInstall({
    standing: standing(setup.configurationFolder),
    template: launcherTemplate(),
    launcher,
    sample: configSample,
  })
}

/**
 * Given the machine and LBackup's configuration, install the hooks, try both launchers, and return what was done; none:
 * they were there already. Where anything fails, what was written is taken back and OperationalError is thrown.
 */
export async function install(system: System, setup: Setup): Promise<Step[]> {
  await refuseWhileRunning(system, setup.configurationFolder, 'hooks cannot be installed')
  const steps = installSteps(setup)
  const takeBack = applySteps(steps)
  try {
    // The hook refuses settings that others may write; better said now than at night.
    loadConfig(configFileBeside(setup.configurationFile))
    await selfTest(setup)
  } catch (error) {
    takeBack()
    throw error
  }
  return steps
}

/** Given LBackup's configuration, return what `uninstall` would remove; nothing is changed. Throws OperationalError. */
export function uninstallSteps(setup: Setup): Step[] {
  const excludes = knownExcludes(setup)
  const withBlock = excludes !== undefined && blockStands(excludes) ? excludes : undefined
  return planUninstall(standing(setup.configurationFolder), configSample, withBlock)
}

/** Given the machine and LBackup's configuration, remove exactly what `install` made, and return what was done. */
export async function uninstall(system: System, setup: Setup): Promise<Step[]> {
  await refuseWhileRunning(system, setup.configurationFolder, 'hooks cannot be removed')
  const steps = uninstallSteps(setup)
  applySteps(steps)
  return steps
}

/** A name that cannot be read must not keep anybody from removing the hooks. */
function knownExcludes(setup: Setup): RawPath | undefined {
  try {
    return excludesFile(setup, setup.configuration)
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}

function refuseUnbuilt(folder: string): void {
  const hooks = ['dist/hooks/pre-backup.js', 'dist/hooks/post-backup.js'].map((name) => join(fromText(folder), name))
  if (hooks.every(exists)) return
  throw new OperationalError(
    'not-built',
    `The hooks are not built: ${folder}/dist/hooks holds no pre-backup.js and post-backup.js.`,
    `Run in ${folder}: npm ci && npm run build`,
  )
}
