import { remoteRsync, rsh } from '../client/fetch.js'
import { sshArguments, sshEnvironment } from '../client/ssh.js'
import { OperationalError } from '../finding/operational-error.js'
import { noAnswer } from '../system/tool-answer.js'
import { printable } from '../text/printable.js'
import { fromBytes } from '../text/raw-path.js'
import type { RunContext } from './context.js'
import { clientOf } from './reach-machine.js'

/**
 * Given a run whose source is on another machine, make sure that the source is there. Through LBackup's ssh wrapper a
 * missing source looks like success to LBackup, which then deletes the oldest section and loses Section.0; so anything
 * but a listing of the source halts the backup. In rsync's own protocol, because the wrapper passes nothing
 * else, and by the login of the run. Throws OperationalError.
 */
export async function checkRemote(context: RunContext): Promise<void> {
  const { environment, system, machine } = context
  // A client that could not be reached, or lets us not look there, says so in its own words.
  await machine?.placeOf(environment.backupSource.path)
  const source = printable(environment.backupSource.asWritten)
  const target = `${environment.sshSource ?? ''}:${source}`
  // With -d and the path as written, the first line is the source itself, or with a trailing slash the folder `.`.
  const shell = rsh(system.tools.ssh, sshArguments(clientOf(context)))
  const args = ['-d', '--list-only', `--rsync-path=${remoteRsync()}`, '-e', shell, '--', target]
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
