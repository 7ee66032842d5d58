import { parseArgs } from 'node:util'
import { isYes } from '../lbackup/configuration.js'
import { install, installSteps } from '../install/install.js'
import type { Setup } from '../install/setup.js'
import { shellWord } from '../install/shell-word.js'
import { stepLine } from '../install/steps.js'
import { exists } from '../system/file.js'
import { printable } from '../text/printable.js'
import { fromText, isWithin } from '../text/raw-path.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { machineOf } from './machine.js'
import { withProgress } from './output.js'
import { refuseMore } from './arguments.js'
import { installOnClient } from './install-client.js'

export const summary = 'put the hooks into an LBackup configuration'

export const help = `usage: lbackup-filevault install --config FILE [--dry-run]
       ... --client USER@HOST --config FILE [--key FILE.pub [--apply]]

Puts resources/pre-actions/BACKUP-850-filevault and resources/post-actions/
BACKUP-050-filevault beside LBackup's configuration, and a commented
filevault.json where there is none. Both hooks are started once, as LBackup
would; if one does not work, everything is taken back. Install again after
updating Node, moving this package, or changing onCrash, limits.hookMinutes or
LBackup's excludes_filename; doctor tells when. Twice does no harm.

  --config FILE       LBackup's configuration file
  --dry-run           print what would be done, and do nothing
  --client USER@HOST  put our program on a client that is backed up over ssh,
                      and try it, by a login that may still run a shell
  --key FILE.pub      LBackup's public key there: print its line for the gate
  --apply             write that line into authorized_keys there, and try it

exit codes: 0 installed, 1 installed with warnings, 2 refused, 64 usage
`

/** Given the arguments after `install`, do what they ask and return the exit code. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      'dry-run': { type: 'boolean' },
      client: { type: 'string' },
      key: { type: 'string' },
      apply: { type: 'boolean' },
    },
  })
  refuseMore('install', positionals)
  if (values.client !== undefined) return installOnClient({ ...values, client: values.client }, context)
  const { setup, system } = machineOf('install', values.config)
  if (values['dry-run'] === true) {
    const steps = installSteps(setup)
    for (const step of steps) context.stdout(`would ${stepLine(step)}\n`)
    context.stdout(steps.length === 0 ? 'Nothing would change.\n' : 'Nothing was changed.\n')
    return warn(setup, context)
  }
  const steps = await withProgress(context, 'installing and trying the hooks', install(system, setup))
  for (const step of steps) context.stdout(`done: ${stepLine(step)}\n`)
  const changed = steps.length === 0 ? 'Nothing changed: they were installed already.' : 'The hooks are installed.'
  context.stdout(`${changed} Both were started for a test and work.\n`)
  context.stdout(nextLines(setup))
  return warn(setup, context)
}

/** Without these two lines a failed night leaves no word, and one login fails everybody's night. */
function nextLines({ configuration, configurationFile }: Setup): string {
  const names = ['post_actions_on_backup_error', 'ignore_rsync_vanished_files']
  const missing = names.filter((name) => isYes(configuration, name) !== true)
  const file = printable(configurationFile)
  const paste = missing.map((name) => `  ${name}="YES"\n`)
  const config = shellWord(file)
  return [
    ...(missing.length === 0 ? [] : [`\nPaste into ${file}:\n\n`, ...paste]),
    `\nThen see what is still to do, and what the next backup will do:\n\n`,
    `  lbackup-filevault doctor --config ${config}\n  lbackup-filevault tonight --config ${config}\n`,
  ].join('')
}

function warn({ configurationFolder }: Setup, context: CliContext): number {
  const doomed = isWithin(configurationFolder, fromText('/etc/lbackup')) && exists(fromText('/etc/debian_version'))
  if (!doomed) return exitCode.fine
  context.stderr(
    "warning: LBackup's Debian package removes /etc/lbackup at its next update, this configuration and the hooks with it. " +
      'Move the configuration elsewhere and install there.\n',
  )
  return exitCode.warning
}
