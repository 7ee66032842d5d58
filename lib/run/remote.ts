import { OperationalError } from '../finding/operational-error.js'
import { noAnswer } from '../system/tool-answer.js'
import { printable } from '../text/printable.js'
import { fromBytes } from '../text/raw-path.js'
import type { RunContext } from './context.js'

/**
 * Given a run whose source is on another machine, make sure that the source is there. Through LBackup's ssh wrapper a
 * missing source looks like success to LBackup, which then deletes the oldest section and loses Section.0; so anything
 * but a listing of the source halts the backup. One ssh call, in rsync's own protocol, because the wrapper passes
 * nothing else. Throws OperationalError.
 */
export async function checkRemote(context: RunContext): Promise<void> {
  const { environment, config, system } = context
  if (config.remote === 'halt') {
    throw new OperationalError(
      'remote-refused',
      'The source is on another machine, whose images cannot be seen from here, and the configuration says remote: halt.',
      'Set "remote": "continue" in filevault.json to have such copies judged by their structure alone.',
    )
  }
  const source = printable(environment.backupSource.asWritten)
  const target = `${environment.sshSource ?? ''}:${source}`
  // With -d and the path as written, the first line is the source itself, or with a trailing slash the folder `.`.
  // LBackup's ssh wrapper lets four absolute paths of rsync through and nothing else.
  const program = process.env['ssh_rsync_path_remote'] ?? '/usr/bin/rsync'
  const args = ['-d', '--list-only', `--rsync-path=${program}`, '-e', rsh(system.tools.ssh), '--', target]
  const answer = await system.tool('rsync', args, { env: sshEnvironment(), maxOutputBytes: 16 * 1024 * 1024 })
  const listed = answer.stdout.toString('latin1')
  if (/^[d-][rwxsStT-]{9}/m.test(listed)) return
  if (/^l[rwxsStT-]{9}/m.test(listed)) throw linked(target)
  const said = printable(fromBytes(answer.stderr.subarray(0, 300))).trim()
  throw new OperationalError(
    'remote-source-missing',
    `The source ${target} could not be listed (${noAnswer(answer) ?? (said === '' ? 'nothing was said' : said)}).`,
    'Try it by hand with ssh as the user who runs LBackup; see that the folder exists on the client and its name has no blanks.',
  )
}

const linked = (target: string): OperationalError =>
  new OperationalError(
    'source-is-link',
    `The source ${target} is a symbolic link; Section.0 would become a link instead of a backup.`,
    'Write the real path into backupSource.',
  )

/** rsync splits `-e` at blanks; the configuration refuses none, so a path with a blank is quoted as rsync understands. */
const rsh = (ssh: string): string => `${/\s/.test(ssh) ? `'${ssh}'` : ssh} -o BatchMode=yes`

function sshEnvironment(): Record<string, string> {
  const names = ['HOME', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK', 'RSYNC_PROTECT_ARGS'] as const
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
}
