import { backupLock } from '../install/backup-lock.js'
import { OperationalError } from '../finding/operational-error.js'
import { excludesFile } from '../lbackup/configuration.js'
import { readExcludes } from '../link/apply.js'
import { refuseReset } from '../link/block.js'
import { printable } from '../text/printable.js'
import { found, type DoctorFinding } from './found.js'
import type { Patient } from './patient.js'

/** Look at LBackup's excludes file: whatever is wrong with it halts the next backup. */
export async function excludesLook({ setup, system }: Patient): Promise<DoctorFinding[]> {
  try {
    const { file, parts } = readExcludes(excludesFile(setup, setup.configuration))
    refuseReset(parts.administrator, file)
    if (!parts.found || (await backupLock(system, setup.configurationFolder)).state === 'running') return []
    return [
      found(
        'block-left-over',
        'info',
        `Lines of a run that ended early are still in ${printable(file)}.`,
        'Nothing to do: the next run takes them out before anything else.',
      ),
    ]
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return [found(code(error.code), 'error', error.message, error.cure)]
  }
}

const code = (given: string): 'excludes-reset' | 'excludes-missing' | 'excludes-unusable' =>
  given === 'excludes-reset' || given === 'excludes-missing' ? given : 'excludes-unusable'
