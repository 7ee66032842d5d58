import { parseArgs } from 'node:util'
import { daemonOf } from '../daemon/instance.js'
import {
  callManager,
  commandLine,
  installSteps,
  managerCommands,
  refuseUnsafe,
  unitFolder,
  uninstallSteps,
  type DaemonSetup,
} from '../daemon/install.js'
import { OperationalError } from '../finding/operational-error.js'
import { applySteps, stepLine } from '../install/steps.js'
import { openStateFolder } from '../lbackup/state-folder.js'
import { daemonSetup } from '../run/daemon.js'
import { printable } from '../text/printable.js'
import { absolute, refuseMore } from './arguments.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { machineOf, type Machine } from './machine.js'

/** Given the arguments after `daemon install`, do what they ask and return the exit code. Throws OperationalError. */
export async function install(args: string[], context: CliContext): Promise<number> {
  const { machine, setup, dryRun, manage } = asked(args, 'enable')
  const steps = installSteps(setup)
  const enable = managerCommands(setup, 'enable')
  for (const step of steps) context.stdout(`${dryRun ? 'would' : 'will'} ${stepLine(step)}\n`)
  if (!setup.followsImages)
    context.stdout('The source is on another machine: its images are not followed, and the timer alone is made.\n')
  if (!dryRun) {
    refuseOthers()
    refuseUnsafe()
    openStateFolder(machine.stateFolder)
    applySteps(steps)
    context.stdout(steps.length === 0 ? 'Nothing changed: they were written already.\n' : 'They are written.\n')
  } else context.stdout('Nothing was changed.\n')
  if (!manage || dryRun) context.stdout(`\nTo start them, now and with the machine:\n\n${lines(enable)}`)
  else {
    await callManager(machine.system, enable)
    context.stdout(`done:\n${lines(enable)}`)
  }
  return exitCode.fine
}

/** Given the arguments after `daemon uninstall`, do what they ask and return the exit code. Throws OperationalError. */
export async function uninstall(args: string[], context: CliContext): Promise<number> {
  const { machine, setup, dryRun, manage } = asked(args, 'disable')
  const { system, stateFolder } = machine
  const steps = uninstallSteps(setup)
  const disable = managerCommands(setup, 'disable')
  if (!dryRun) {
    refuseOthers()
    if (manage && steps.length > 0) {
      await callManager(system, disable)
      context.stdout(`done:\n${lines(disable)}`)
    }
    // Without its unit nobody would end it, and after the next start of the machine nobody would miss it.
    if (steps.length > 0 && (await daemonOf(system, stateFolder))?.alive === true) throw stillRuns(disable)
    applySteps(steps)
  }
  for (const step of steps) context.stdout(`${dryRun ? 'would' : 'done:'} ${stepLine(step)}\n`)
  context.stdout(
    steps.length === 0
      ? 'Nothing to remove: the daemon is not installed here.\n'
      : dryRun
        ? 'Nothing was changed.\n'
        : 'The daemon is removed.\n',
  )
  context.stdout(`Left: what it saw, in ${printable(stateFolder)}/daemon\n`)
  return exitCode.fine
}

function asked(args: string[], manage: 'enable' | 'disable') {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      'dry-run': { type: 'boolean' },
      folder: { type: 'string' },
      [manage]: { type: 'boolean' },
    },
  })
  refuseMore('daemon', positionals)
  const given = values as Readonly<Record<string, string | boolean | undefined>>
  const machine = machineOf('daemon', given['config'] as string | undefined)
  return {
    machine,
    setup: setupFor(machine, given['folder'] as string | undefined),
    dryRun: given['dry-run'] === true,
    manage: given[manage] === true,
  }
}

function setupFor({ setup, loaded, system, stateFolder }: Machine, folder: string | undefined): DaemonSetup {
  const place = folder === undefined ? unitFolder(system.platform) : absolute(folder)
  return { ...daemonSetup({ setup, config: loaded.config, system, stateFolder }), folder: place }
}

const lines = (commands: Parameters<typeof callManager>[1]): string =>
  commands.map((one) => `  ${commandLine(one)}\n`).join('')

function refuseOthers(): void {
  if (process.geteuid?.() === 0) return
  throw new OperationalError(
    'not-root',
    'Units of the whole machine are written by root alone; nothing was changed.',
    'Run it as root.',
  )
}

const stillRuns = (disable: Parameters<typeof callManager>[1]): OperationalError =>
  new OperationalError(
    'daemon-running',
    'The daemon runs; nothing was removed.',
    `End it first, or say --disable: ${disable.map(commandLine).join(' && ')}`,
  )
