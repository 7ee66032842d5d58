import { parseArgs } from 'node:util'
import { configFileBeside, loadConfig, type LoadedConfig } from '../config/load.js'
import { ConfigError, problemLine, type ConfigProblem } from '../config/problem.js'
import { settings, settingsReport, settingsTable } from '../config/settings.js'
import { checkTools } from '../config/tools.js'
import { OperationalError } from '../finding/operational-error.js'
import { configSample } from '../generated/config-sample.js'
import { exists, replaceFile } from '../system/file.js'
import { count } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { fromText, type RawPath } from '../text/raw-path.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'

export const summary = 'init, validate or show filevault.json'

export const help = `usage: lbackup-filevault config init     --config FILE [--force]
       lbackup-filevault config validate --config FILE [--json]
       lbackup-filevault config show     --config FILE [--json]

The settings of the hooks stand in filevault.json, in the folder of LBackup's
configuration file.

  init      write a commented filevault.json with every setting at its default
  validate  name everything that is wrong with it, and with programs it names
  show      print every setting with its value; * marks what the file says

  --config FILE  LBackup's configuration file
  --force        init: replace the filevault.json that is there
  --json         print one JSON document (schemas/settings.schema.json)

exit codes: 0 fine, 1 warnings, 2 the configuration cannot be used, 64 usage
`

/** Given the arguments after `config`, do what they ask and return the exit code. Throws OperationalError. */
export function main(args: string[], context: CliContext): Promise<number> {
  return Promise.resolve().then(() => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { config: { type: 'string' }, force: { type: 'boolean' }, json: { type: 'boolean' } },
    })
    const [action, ...more] = positionals
    if (more.length > 0) throw usage(`"${more.join(' ')}" means nothing here.`)
    if (values.config === undefined) throw usage('--config is missing.')
    const file = configFileBeside(fromText(values.config))
    const json = values.json ?? false
    if (action === 'init') return init(file, values.force ?? false, context)
    if (action === 'validate') return validate(file, json, context)
    if (action === 'show') return show(file, json, context)
    throw usage(`"init", "validate" or "show" is wanted${action === undefined ? '' : `, not "${action}"`}.`)
  })
}

const usage = (message: string): OperationalError =>
  new OperationalError('usage', message, 'See: lbackup-filevault config --help')

function init(file: RawPath, force: boolean, context: CliContext): number {
  if (exists(file) && !force) {
    throw new OperationalError(
      'file-exists',
      `${printable(file)} is there already; nothing was written.`,
      'Edit it, or write a new one over it with --force.',
    )
  }
  // No secret stands in it, and the administrator's own account should be able to look.
  replaceFile(file, configSample, { mode: 0o644 })
  context.stdout(`${printable(file)} written; every setting in it is at its default.\n`)
  return exitCode.fine
}

function validate(file: RawPath, json: boolean, context: CliContext): number {
  const { loaded, problems } = examine(file)
  const errors = problems.filter(({ severity }) => severity === 'error').length
  if (json) context.stdout(`${JSON.stringify(settingsReport(file, loaded, problems), undefined, 2)}\n`)
  else {
    for (const problem of problems) context.stdout(`${problem.severity}: ${problemLine(problem)}\n`)
    context.stdout(`${verdict(file, loaded, errors, problems.length - errors)}\n`)
  }
  return errors > 0 ? exitCode.bad : problems.length > 0 ? exitCode.warning : exitCode.fine
}

function verdict(file: RawPath, loaded: LoadedConfig | undefined, errors: number, warnings: number): string {
  if (loaded?.present === false) return `${printable(file)} is not there: every setting is at its default.`
  if (errors > 0) return `${printable(file)} cannot be used: ${count(errors, 'error')}.`
  return `${printable(file)} is fine${warnings > 0 ? `, with ${count(warnings, 'warning')}` : ''}.`
}

function examine(file: RawPath): { loaded?: LoadedConfig; problems: readonly ConfigProblem[] } {
  try {
    const loaded = loadConfig(file)
    return { loaded, problems: [...loaded.warnings, ...checkTools(loaded)] }
  } catch (error) {
    if (error instanceof ConfigError) return { problems: error.problems }
    throw error
  }
}

function show(file: RawPath, json: boolean, context: CliContext): number {
  const loaded = loadConfig(file)
  if (json) context.stdout(`${JSON.stringify(settingsReport(file, loaded, loaded.warnings), undefined, 2)}\n`)
  else {
    const origin = loaded.present ? '* marks what it says' : 'is not there: every setting is at its default'
    context.stdout(`${printable(file)}${loaded.present ? ': ' : ' '}${origin}\n\n`)
    context.stdout(settingsTable(settings(loaded.config, loaded.origins)))
  }
  return exitCode.fine
}
