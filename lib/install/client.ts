import { callClient, closeConnection } from '../client/call.js'
import type { Client } from '../client/client-type.js'
import { sshArguments, sshEnvironment } from '../client/ssh.js'
import { command, newNonce } from '../client/words.js'
import { readAnswer } from '../client/answer.js'
import { OperationalError } from '../finding/operational-error.js'
import { readFileBounded } from '../system/file.js'
import { packageFolder } from '../system/package.js'
import { noAnswer } from '../system/tool-answer.js'
import { fromText, join, type RawPath } from '../text/raw-path.js'
import { applyScript, authorizedLine, clientFolder, clientScript, type ClientFile } from './client-script.js'

const names = [
  'lbackup-filevault-client',
  'client-files.sh',
  'client-look.sh',
  'client-usage.sh',
  'client-watch.sh',
  'ssh-gate',
  'gate-rsync.sh',
]
const mostBytes = 1024 * 1024

/** The files of the client's part, as they come with this package. Throws OperationalError. */
export function clientFiles(): ClientFile[] {
  const folder = join(fromText(packageFolder()), 'client')
  return names.map((name) => ({ name, text: readFileBounded(join(folder, name), mostBytes).bytes.toString('utf8') }))
}

/**
 * Given a client and the roots of its backup, copy the client's part to it over the login that there is now, and try the
 * gate there. Throws OperationalError.
 */
export async function installClient(client: Client, roots: readonly RawPath[]): Promise<void> {
  await run(client, 'sh -s', clientScript(clientFiles(), roots), 'installed')
  const nonce = newNonce()
  const words = command(nonce, 'version', [])
  const answer = await ssh(client, `SSH_ORIGINAL_COMMAND='${words}' ${clientFolder}/ssh-gate`, '')
  if (typeof readAnswer(answer.stdout, nonce, 'version') === 'object') return
  throw failed(client, `its gate does not work there: ${said(answer.stdout, answer.stderr)}`)
}

/** Given a public key's text, return its line for authorized_keys. Throws OperationalError. */
export function lineOf(publicKey: string): string {
  const line = authorizedLine(publicKey)
  if (line !== undefined) return line
  throw new OperationalError(
    'key-unusable',
    'The file that --key names holds no public key of ssh, or more than one.',
    'Name the .pub file of the key by which LBackup reaches the client.',
  )
}

/** Given a client and such a line, put it into authorized_keys there, and call the program through it. Throws OperationalError. */
export async function applyKey(client: Client, line: string): Promise<void> {
  await run(client, 'sh -s', applyScript(line), 'applied')
  // What was opened before the key was bound may still do anything.
  await closeConnection(client)
  await callClient(client, 'version')
}

async function run(client: Client, words: string, input: string, done: string): Promise<void> {
  const { stdout, stderr } = await ssh(client, words, input)
  if (stdout.toString('latin1').trimEnd().endsWith(done)) return
  throw failed(client, said(stdout, stderr))
}

async function ssh(client: Client, words: string, input: string) {
  const result = await client.system.tool('ssh', [...sshArguments(client), '--', client.destination, words], {
    env: sshEnvironment(),
    input,
    timeoutSeconds: client.callSeconds,
    maxOutputBytes: mostBytes,
  })
  const silent = noAnswer(result, [0, 1, 2, 126, 127])
  if (silent !== undefined) throw failed(client, silent)
  return result
}

const said = (stdout: Buffer, stderr: Buffer): string =>
  `${stderr.toString('latin1')} ${stdout.toString('latin1')}`.trim().slice(0, 300) || 'nothing was said'

const failed = ({ destination }: Client, why: string): OperationalError =>
  new OperationalError(
    'client-install-failed',
    `The client's part could not be put on ${destination}: ${why}.`,
    'It needs a login of root that may run a shell there; once the key is bound to the gate, install by another key or by hand.',
  )
