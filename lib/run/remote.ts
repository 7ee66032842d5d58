import { OperationalError } from '../finding/operational-error.js'
import type { ReportedFinding } from '../generated/report.js'
import { noAnswer } from '../system/tool-answer.js'
import { printable } from '../text/printable.js'
import type { RunContext } from './context.js'

/**
 * Given a run whose source is on another machine, make sure that the source is there, and return what the administrator
 * must know. Through LBackup's ssh wrapper a missing source looks like success to LBackup, which then deletes the oldest
 * section and loses Section.0; so anything but a listing of the source halts the backup. One ssh call; rsync's own
 * protocol, because the wrapper passes nothing else. Throws OperationalError.
 */
export async function checkRemote(context: RunContext): Promise<ReportedFinding[]> {
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
  // Without -d and with the path as written: the first line is the source itself, or its content's first entry.
  const args = ['-d', '--list-only', '-e', rsh(system.tools.ssh), '--', target]
  const answer = await system.tool('rsync', args, { env: sshEnvironment(), maxOutputBytes: 16 * 1024 * 1024 })
  if (/^[dl-][rwxsStT-]{9}/m.test(answer.stdout.toString('latin1'))) return []
  const said = printable(answer.stderr.toString('latin1').slice(0, 300).trim() as never)
  throw new OperationalError(
    'remote-source-missing',
    `The source ${target} could not be listed (${noAnswer(answer) ?? (said === '' ? 'nothing was said' : said)}).`,
    'Try it by hand with ssh as the user who runs LBackup; see that the folder exists on the client and its name has no blanks.',
  )
}

/** rsync splits `-e` at blanks; the configuration refuses none, so a path with a blank is quoted as rsync understands. */
const rsh = (ssh: string): string => `${/\s/.test(ssh) ? `'${ssh}'` : ssh} -o BatchMode=yes`

function sshEnvironment(): Record<string, string> {
  const names = ['HOME', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK', 'RSYNC_PROTECT_ARGS'] as const
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
}
