import { parseArgs } from 'node:util'
import type { CliContext } from './context.js'
import { severityCode } from './findings.js'
import { trustedMachineOf } from './machine.js'
import { printDocument, withProgress } from './output.js'
import { clientTonight, tonightOf } from './tonight-report.js'
import { tonightText } from './tonight-text.js'
import { refuseMore } from './arguments.js'
import { isYes } from '../lbackup/configuration.js'

export const summary = 'what the next backup will do with each image, and why'

export const help = `usage: lbackup-filevault tonight --config FILE [--rules] [--json]

Looks for the images in LBackup's source and tells what a backup that started
now would do: where each image is, who uses it, whether it is copied, and why.
It waits for nobody, changes nothing, and works before anything is installed.
For an image in use that would stop the backup it prints a policy to paste into
filevault.json.

  --config FILE  LBackup's configuration file
  --rules        also print the lines rsync would be given
  --json         print one JSON document (schemas/tonight.schema.json)

exit codes: 0 all is well, 1 warnings, 2 the backup would be halted, 64 usage
`

/** Given the arguments after `tonight`, do what they ask and return the exit code. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' }, rules: { type: 'boolean' }, json: { type: 'boolean' } },
  })
  refuseMore('tonight', positionals)
  const machine = trustedMachineOf('tonight', values.config)
  const remote = isYes(machine.setup.configuration, 'useSSH') === true
  const report = remote
    ? await withProgress(context, 'asking the client for its images', clientTonight(machine))
    : await withProgress(context, 'looking for images and who uses them', tonightOf(machine))
  if (values.json === true) printDocument(context, report)
  else context.stdout(tonightText(report, { rules: values.rules === true }))
  return severityCode(report.severity)
}
