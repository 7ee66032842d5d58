import { parseArgs } from 'node:util'
import { pre } from '../run/pre.js'
import { runHook } from '../run/hook.js'

export const summary = "run the pre-backup hook by hand (LBackup's environment)"

export const help = `usage: lbackup-filevault pre

Does what the installed pre-backup hook does, in the environment that LBackup
gives its hooks (backupConfigurationFilePath, backupSource, logFile and so on).
It is for those who start hooks in their own way; LBackup itself is to run
BACKUP-850-filevault, which also answers for Node's own failures.

To see what the next backup will do, without changing anything: tonight.

exit codes, as LBackup wants them: 0 go on, 1 go on with a warning, 129 halt;
70 our bug
`

/** Given the arguments after `pre`, run the hook and return the exit code for LBackup. */
export function main(args: string[]): Promise<number> {
  parseArgs({ args, options: {} })
  return runHook('pre', pre)
}
