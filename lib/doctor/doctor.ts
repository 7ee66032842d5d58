import { checkTools } from '../config/tools.js'
import { problemLine } from '../config/problem.js'
import { backupLock } from '../install/backup-lock.js'
import { launcherTemplate } from '../install/install.js'
import { standing } from '../install/standing.js'
import type { ToolsConfig } from '../generated/config.js'
import { OperationalError } from '../finding/operational-error.js'
import { isYes } from '../lbackup/configuration.js'
import { mayHold } from '../lbackup/lock-holder.js'
import { lockHolder } from '../lbackup/lock.js'
import { exists } from '../system/file.js'
import { fromText } from '../text/raw-path.js'
import { readActions } from './action-files.js'
import { actionFindings } from './actions.js'
import { channelFindings } from './channel.js'
import { daemonFindings } from './daemon.js'
import { found, type DoctorFinding } from './found.js'
import { launcherFindings } from './launchers.js'
import { lockFindings, ownLockFindings } from './locks.js'
import { clientLook } from './look-client.js'
import { daemonFacts } from './look-daemon.js'
import { destinationLook } from './look-destination.js'
import { excludesLook } from './look-excludes.js'
import { imageLook } from './look-images.js'
import { programAt, sourceLook, wantedLauncher } from './look.js'
import type { Patient } from './patient.js'
import { folderFindings } from './places.js'
import { reachFindings } from './reach.js'
import { overrideFindings, settingFindings } from './settings.js'
import { statusOf } from './status-of.js'

type Check = (patient: Patient) => DoctorFinding[] | Promise<DoctorFinding[]>

/** Every check, by what it is about. */
const checks: Readonly<Record<string, Check>> = {
  'our settings': ({ loaded, configError, setup, system }) => [
    ...(configError === undefined ? [] : [found('config-invalid', 'error', configError.message, configError.cure)]),
    ...loaded.warnings.map((problem) => found('config-doubtful', 'warning', inFile(problemLine(problem)), validate)),
    ...checkTools(loaded, neededTools(setup, system)).map((problem) =>
      found('config-invalid', 'error', inFile(problemLine(problem)), validate),
    ),
  ],
  "LBackup's settings": ({ setup }) => [
    ...settingFindings(setup.configuration),
    ...overrideFindings(setup.configuration, programAt),
  ],
  "LBackup's folder": ({ setup }) => folderFindings(setup.configurationFolder, exists(fromText('/etc/debian_version'))),
  'the source': sourceLook,
  actions: ({ setup }) => actionFindings(readActions(setup.configurationFolder)),
  'our hooks': (patient) =>
    launcherFindings({
      launchers: standing(patient.setup.configurationFolder).launchers,
      template: launcherTemplate(),
      wanted: wantedLauncher(patient),
      isProgram: (path) => programAt(fromText(path)) === 'program',
      installCommand: patient.command('install'),
    }),
  locks: async ({ setup, system, stateFolder }) => {
    const holder = lockHolder(stateFolder)
    const heeded = isYes(setup.configuration, 'ignore_backup_lock') !== true
    return [
      ...lockFindings(await backupLock(system, setup.configurationFolder), heeded),
      ...ownLockFindings(holder, holder !== undefined && (await mayHold(system, stateFolder, holder))),
    ]
  },
  'the excludes file': excludesLook,
  'the backup disk': destinationLook,
  'what the hook may read': ({ stateFolder, system }) =>
    reachFindings(statusOf(stateFolder)?.hookEnvironment, system.platform),
  'the channel for errors': ({ loaded, command }) => channelFindings(loaded.config, command('status --alarm')),
  'the daemon': async (patient) => daemonFindings(await daemonFacts(patient)),
  'the client': clientLook,
  'the images': imageLook,
}

/**
 * Given an LBackup configuration with our settings and the machine, look for all that will go wrong in its next run, and
 * return it, errors first. Changes nothing; in backupDest a folder is made and removed to see what the volume can do.
 */
export async function doctor(patient: Patient): Promise<DoctorFinding[]> {
  const all: DoctorFinding[] = []
  for (const [what, check] of Object.entries(checks)) all.push(...(await guarded(what, check, patient)))
  return ['error', 'warning', 'info'].flatMap((severity) => all.filter((one) => one.severity === severity))
}

/** One thing that cannot be looked at must not hide the others. */
async function guarded(what: string, check: Check, patient: Patient): Promise<DoctorFinding[]> {
  try {
    return await check(patient)
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return [found('check-impossible', 'warning', `Not checked: ${what}. ${error.message}`, error.cure)]
  }
}

/** The tools without which the hooks do not start. */
function neededTools({ configuration }: Patient['setup'], { platform }: Patient['system']): (keyof ToolsConfig)[] {
  if (isYes(configuration, 'useSSH') === true) return ['ssh', 'rsync']
  return platform === 'macos' ? ['hdiutil', 'lsof', 'rsync'] : ['rsync']
}

const validate = 'Correct it; "lbackup-filevault config validate" checks it without running anything.'
const inFile = (text: string): string => `filevault.json, ${text}`
