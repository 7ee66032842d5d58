import { isYes, literal } from '../lbackup/configuration.js'
import { backupSource, type BackupSource } from '../lbackup/backup-source.js'
import { realSource } from '../run/prepare.js'
import { withoutTrailingSlash, type RawPath } from '../text/raw-path.js'
import { OperationalError } from '../finding/operational-error.js'
import { absolute, usage } from './arguments.js'
import { machineOf } from './machine.js'

/** Where copies lie, and what is known of them. */
export interface StoreOf {
  readonly backupDest: RawPath
  readonly stateFolder: RawPath | undefined
  readonly source: BackupSource | undefined
}

/** Given a verb and its `--config` or `--backup-dest`, return where the copies are. Throws OperationalError. */
export function storeOf(verb: string, values: { config?: string; 'backup-dest'?: string }): StoreOf {
  const dest = values['backup-dest']
  if (dest !== undefined) return { backupDest: absolute(dest), stateFolder: undefined, source: undefined }
  if (values.config === undefined) throw usage(verb, '--config or --backup-dest is missing.')
  const { setup, stateFolder } = machineOf(verb, values.config)
  const { configuration } = setup
  const written = backupSource(literal(configuration, 'backupSource'))
  return {
    backupDest: withoutTrailingSlash(literal(configuration, 'backupDest')),
    stateFolder,
    source: isYes(configuration, 'useSSH') === true ? written : sourceThere(written),
  }
}

/** The source may be what was lost. */
function sourceThere(written: BackupSource): BackupSource {
  try {
    return realSource(written)
  } catch (error) {
    if (error instanceof OperationalError) return written
    throw error
  }
}
