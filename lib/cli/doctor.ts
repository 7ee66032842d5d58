import { parseArgs } from 'node:util'
import { fillDefaults } from '../config/defaults.js'
import { configFileBeside, loadConfig, type LoadedConfig } from '../config/load.js'
import { ConfigError } from '../config/problem.js'
import { doctor } from '../doctor/doctor.js'
import type { DoctorFinding } from '../doctor/found.js'
import type { Patient } from '../doctor/patient.js'
import type { DoctorReport } from '../generated/doctor.js'
import { shellWord } from '../install/shell-word.js'
import type { Setup } from '../install/setup.js'
import { stateFolderOf } from '../run/prepare.js'
import type { Work } from '../run/work.js'
import { workInThread } from '../run/work-in-thread.js'
import { printable } from '../text/printable.js'
import type { CliContext } from './context.js'
import { findingCounts, findingsText, severityCode, severityOf } from './findings.js'
import { setupOf, systemOf } from './machine.js'
import { printDocument, withProgress } from './output.js'
import { refuseMore } from './arguments.js'

export const summary = 'what will go wrong tonight, with the cure'

export const help = `usage: lbackup-filevault doctor --config FILE [--json]

Looks at LBackup's configuration, the hooks and all other actions, the locks,
the excludes file, the source with its images, what the hooks could read at
their last run, and the backup disk, and names what will go wrong in the next
backup, each with its cure. Works before anything is installed.

Nothing is changed. In backupDest, and in a staging folder, a small folder is
made and removed again, to see what the volume can do: links, renames, clones.

  --config FILE  LBackup's configuration file
  --json         print one JSON document (schemas/doctor.schema.json)

exit codes: 0 nothing found, or notes only, 1 warnings, 2 errors, 64 usage
`

/** Given the arguments after `doctor`, do what they ask and return the exit code. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' }, json: { type: 'boolean' } },
  })
  refuseMore('doctor', positionals)
  const patient = patientOf(setupOf('doctor', values.config))
  const findings = await withProgress(context, 'looking at everything', doctor(patient))
  const report = reportOf(patient, findings)
  if (values.json === true) printDocument(context, report)
  else {
    context.stdout(findingsText(findings))
    context.stdout(findings.length === 0 ? 'Nothing was found that would go wrong.\n' : `${findingCounts(findings)}.\n`)
  }
  return severityCode(report.severity)
}

/** Given what the doctor looked at and found, return the document that `--json` prints. */
export const reportOf = ({ setup, system }: Patient, findings: readonly DoctorFinding[]): DoctorReport => ({
  schema: 'doctor/1',
  configuration: printable(setup.configurationFile),
  at: system.now().toISOString(),
  severity: severityOf(findings),
  findings,
})

/** Given an LBackup configuration, return what the doctor looks at. `work`: how it searches, by default in a thread. */
export function patientOf(setup: Setup, work?: Work): Patient {
  const { loaded, configError } = settings(setup)
  const system = systemOf(loaded)
  const config = shellWord(printable(setup.configurationFile))
  return {
    setup,
    loaded,
    configError,
    system,
    stateFolder: stateFolderOf(loaded.config.stateFolder, setup.configurationFile, system),
    work: work ?? workInThread(loaded.config.limits.hookMinutes * 60),
    command: (verb) => `lbackup-filevault ${verb} --config ${config}`,
  }
}

function settings(setup: Setup): { loaded: LoadedConfig; configError: ConfigError | undefined } {
  const file = configFileBeside(setup.configurationFile)
  try {
    return { loaded: loadConfig(file), configError: undefined }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const loaded = { file, present: true, ...fillDefaults({}), warnings: [], place: () => ({}) }
    return { loaded, configError: error }
  }
}
