import { launcherFacts } from '../install/install.js'
import type { LauncherFacts } from '../install/launcher.js'
import { OperationalError } from '../finding/operational-error.js'
import { backupSource } from '../lbackup/backup-source.js'
import { isYes, literal } from '../lbackup/configuration.js'
import { lookAt, realPath } from '../system/file.js'
import type { RawPath } from '../text/raw-path.js'
import { found, type DoctorFinding } from './found.js'
import type { Patient } from './patient.js'
import { sourceFindings } from './places.js'
import type { Standing } from './settings.js'

/** Given a path, tell whether a program stands there; links are followed. */
export function programAt(path: RawPath): Standing {
  const real = realPath(path)
  const stats = real === undefined ? undefined : lookAt(real)
  if (stats === undefined) return 'absent'
  return stats.isFile() && stats.size > 0 && (stats.mode & 0o111) !== 0 ? 'program' : 'other'
}

/** Look at the source; one on another machine cannot be looked at before it is copied. */
export function sourceLook({ setup, loaded }: Patient): DoctorFinding[] {
  if (isYes(setup.configuration, 'useSSH') === true) {
    const halts = loaded.config.remote === 'halt'
    return [
      found(
        'source-remote',
        halts ? 'error' : 'info',
        halts
          ? 'The source is on another machine and our settings say remote: halt, so that every backup is halted.'
          : 'The source is on another machine. Where our program answers there, its images are treated like those of this machine; else their copies are judged by their structure alone.',
        halts ? 'Set "remote": "continue" in filevault.json.' : 'See what is said of the client below.',
      ),
    ]
  }
  const source = backupSource(literal(setup.configuration, 'backupSource'))
  const stats = lookAt(source.path)
  const stands =
    stats === undefined ? 'absent' : stats.isSymbolicLink() ? 'link' : stats.isDirectory() ? 'folder' : 'file'
  return sourceFindings({ source, stands })
}

/** What install would make our hooks from now; undefined where that cannot be known, which another check says. */
export function wantedLauncher({ setup, configError }: Patient): Omit<LauncherFacts, 'phase'> | undefined {
  if (configError !== undefined) return undefined
  try {
    return launcherFacts(setup)
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}
