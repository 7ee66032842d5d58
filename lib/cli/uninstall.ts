import { parseArgs } from 'node:util'
import { configFileBeside, loadConfig } from '../config/load.js'
import { fillDefaults } from '../config/defaults.js'
import { OperationalError } from '../finding/operational-error.js'
import type { Config } from '../generated/config.js'
import { uninstall, uninstallSteps } from '../install/install.js'
import type { Setup } from '../install/setup.js'
import { standing } from '../install/standing.js'
import { stepLine } from '../install/steps.js'
import { stateFolderOf } from '../run/prepare.js'
import { exists } from '../system/file.js'
import type { System } from '../system/system.js'
import { printable } from '../text/printable.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { setupOf, systemOf } from './machine.js'
import { refuseMore } from './arguments.js'

export const summary = 'take them out again'

export const help = `usage: lbackup-filevault uninstall --config FILE [--dry-run]

Removes what install made, and nothing else: the two hooks, lines of ours left
in the excludes file, filevault.json if nobody changed it, folders that install
made and that are empty now. What is known of earlier runs stays (where it
lies is printed), and so does everything on the backup disk.

  --config FILE  LBackup's configuration file
  --dry-run      print what would be done, and do nothing

exit codes: 0 removed, or nothing to remove, 2 refused, 64 usage
`

/** Given the arguments after `uninstall`, do what they ask and return the exit code. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' }, 'dry-run': { type: 'boolean' } },
  })
  refuseMore('uninstall', positionals)
  const setup = setupOf('uninstall', values.config)
  const config = settings(setup)
  const system = systemOf({ config })
  const dryRun = values['dry-run'] === true
  const steps = dryRun ? uninstallSteps(setup) : await uninstall(system, setup)
  for (const step of steps) context.stdout(`${dryRun ? 'would' : 'done:'} ${stepLine(step)}\n`)
  if (steps.length === 0) context.stdout('Nothing to remove: the hooks are not installed here.\n')
  else
    context.stdout(
      dryRun ? 'Nothing was changed.\n' : 'The hooks are removed; LBackup copies disk images like any files.\n',
    )
  context.stdout(leftLines(setup, config, system, dryRun))
  return exitCode.fine
}

function leftLines(setup: Setup, config: Config, system: System, dryRun: boolean): string {
  const { launchers, settings } = standing(setup.configurationFolder)
  const foreign = (['pre', 'post'] as const).filter((phase) => launchers[phase].state === 'foreign')
  const state = stateFolderOf(config.stateFolder, setup.configurationFile, system)
  return [
    ...foreign.map((phase) => `Left: a ${phase} action under our name that install did not make.\n`),
    ...(!dryRun && settings !== undefined ? ['Left: filevault.json, which was changed since install.\n'] : []),
    ...(exists(state) ? [`Left: what is known of earlier runs, in ${printable(state)}\n`] : []),
  ].join('')
}

/** Settings that cannot be used must not keep anybody from removing the hooks. */
function settings(setup: Setup): Config {
  try {
    return loadConfig(configFileBeside(setup.configurationFile)).config
  } catch (error) {
    if (error instanceof OperationalError) return fillDefaults({}).config
    throw error
  }
}
