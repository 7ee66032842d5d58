import { parseArgs } from 'node:util'
import { post } from '../run/post.js'
import { runHook } from '../run/hook.js'

export const summary = "run the post-backup hook by hand (LBackup's environment)"

export const help = `usage: lbackup-filevault post

Does what the installed post-backup hook does, in the environment that LBackup
gives its hooks (backupConfigurationFilePath, backupDest, backup_status and so
on). It is for those who start hooks in their own way; LBackup itself is to run
BACKUP-050-filevault, which also answers for Node's own failures.

To check a copy by hand: verify.

exit codes, as LBackup wants them: 0 fine, 1 something needs a look; 70 our bug
`

/** Given the arguments after `post`, run the hook and return the exit code for LBackup. */
export function main(args: string[]): Promise<number> {
  parseArgs({ args, options: {} })
  return runHook('post', post)
}
