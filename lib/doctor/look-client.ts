import { callClient } from '../client/call.js'
import type { Answer } from '../client/answer.js'
import { fromHex } from '../client/words.js'
import { OperationalError } from '../finding/operational-error.js'
import { backupSource } from '../lbackup/backup-source.js'
import { isYes, literal } from '../lbackup/configuration.js'
import { duration } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { isWithin, type RawPath } from '../text/raw-path.js'
import { found, type DoctorFinding } from './found.js'
import type { Patient } from './patient.js'

// More than the call takes, and than rsync and we allow for.
const mostSecondsApart = 60

/** Look at the client of a configuration whose source is on another machine; nothing for all others. */
export async function clientLook({ setup: { configuration }, loaded, system }: Patient): Promise<DoctorFinding[]> {
  if (isYes(configuration, 'useSSH') !== true) return []
  const destination = `${literal(configuration, 'sshRemoteUser')}@${literal(configuration, 'sshRemoteServer')}`
  const client = { system, destination, control: undefined, callSeconds: loaded.config.limits.commandSeconds }
  try {
    const answer = await callClient(client, 'version')
    return clientFindings(answer, backupSource(literal(configuration, 'backupSource')).path, destination, system.now())
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const gone = error.code === 'client-absent' ? 'client-absent' : 'client-unreachable'
    const halts = gone === 'client-unreachable' || loaded.config.remote === 'halt'
    return [found(gone, halts ? 'error' : 'warning', error.message, error.cure)]
  }
}

/** Given what a client says of itself, LBackup's source and our time, return what will go wrong with it. */
export function clientFindings(
  { lines, problems }: Answer,
  source: RawPath,
  destination: string,
  now: Date,
): DoctorFinding[] {
  const findings: DoctorFinding[] = []
  const value = (key: string): string | undefined =>
    lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1)
  const apart = Math.abs(Number(value('clock')) - now.getTime() / 1000)
  if (apart > mostSecondsApart) {
    const message = `The clock of ${destination} is ${duration(apart)} away from ours.`
    findings.push(found('client-clock', 'warning', message, 'Let both machines set their clocks by a time server.'))
  }
  const roots = lines.flatMap((line) => {
    const [kind, word, state] = line.split(' ')
    const path = kind === 'root' ? fromHex(word ?? '') : undefined
    return path === undefined ? [] : [{ path, state: state ?? '' }]
  })
  if (!roots.some(({ path, state }) => state === 'ok' && isWithin(source, path))) {
    const told = roots.map(({ path, state }) => `${printable(path)} (${state})`).join(', ')
    findings.push(
      found(
        'client-root-missing',
        'error',
        `${destination} may not be asked about LBackup's source ${printable(source)}; its roots are: ${told || 'none'}.`,
        'Add a line "root PATH" to client.conf on the client, and see that the folder is there and no link.',
      ),
    )
  }
  if (value('sha256') === 'none') {
    const message = `${destination} has no program that makes sha256 digests, so that copies are not compared byte for byte.`
    findings.push(
      found(
        'client-digests-missing',
        'warning',
        message,
        'Nothing can be done on OS X 10.5; elsewhere install openssl.',
      ),
    )
  }
  if (value('gate') !== 'yes') {
    const message = `The key by which ${destination} is reached may run anything there: it is not bound to our gate.`
    findings.push(
      found(
        'client-gate-missing',
        'warning',
        message,
        'lbackup-filevault install --client USER@HOST --key FILE.pub --apply',
      ),
    )
  }
  const wrapper = value('wrapper') ?? 'none'
  if (wrapper !== 'none') {
    const message = `What the gate on ${destination} does not know goes to LBackup's wrapper ${wrapper}, which loses exit codes and splits names at blanks.`
    findings.push(
      found(
        'client-wrapper',
        'info',
        message,
        'Take the line "wrapper" out of client.conf where nothing else needs it.',
      ),
    )
  }
  for (const problem of problems) {
    const cure = 'On macOS give Full Disk Access to sshd-keygen-wrapper; elsewhere see what root may read.'
    findings.push(found('client-problem', 'warning', `${destination} says: ${printable(problem as RawPath)}`, cure))
  }
  return findings
}
