import { parseArgs } from 'node:util'
import { settingsChanged } from '../daemon/eyes.js'
import { beTheOnly } from '../daemon/instance.js'
import { OperationalError } from '../finding/operational-error.js'
import { isYes } from '../lbackup/configuration.js'
import { runDaemon } from '../run/daemon.js'
import { freezerOf } from '../run/freezer.js'
import { callToEnd } from '../system/call-to-end.js'
import type { CliContext } from './context.js'
import { refuseMore } from './arguments.js'
import { exitCode } from './exit-code.js'
import { trustedMachineOf } from './machine.js'

/** Given the arguments after `daemon run`, be the daemon until a signal ends it. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' } },
  })
  refuseMore('daemon', positionals)
  const call = callToEnd()
  const first = trustedMachineOf('daemon', values.config)
  const giveUp = await beTheOnly(first.system, first.stateFolder)
  try {
    for (let machine = first; ; machine = trustedMachineOf('daemon', values.config)) {
      const { setup, loaded, system, stateFolder } = machine
      if (isYes(setup.configuration, 'useSSH') === true) throw elsewhere()
      const say = (problem: string): void => context.stderr(`lbackup-filevault: ${problem}\n`)
      const { config } = loaded
      const followed = { setup, config, system, stateFolder }
      const reason = await runDaemon({ ...followed, call, say, freeze: freezerOf(followed) })
      if (reason !== settingsChanged) break
    }
  } finally {
    giveUp()
  }
  return exitCode.fine
}

const elsewhere = (): OperationalError =>
  new OperationalError(
    'source-remote',
    'The source is on another machine (useSSH=YES), whose images cannot be followed from here between backups.',
    'Nothing is to be done: while LBackup runs, its own watch follows them.',
  )
