import { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import type { Image } from '../image/image.js'
import { noAnswer } from '../system/tool-answer.js'
import { printable } from '../text/printable.js'
import { baseName, join, parent, toBytes, type RawPath } from '../text/raw-path.js'
import type { Client } from './client-type.js'
import { sshArguments, sshEnvironment } from './ssh.js'

/**
 * Given a client, an image on it, names of members and a folder of ours, fetch these members as LBackup's rsync would
 * store them, and return the path of what now holds them: a bundle's folder, or the sparse image. One call of rsync, by
 * the login of the run. Throws OperationalError.
 */
export async function fetchMembers(
  client: Client,
  { path, container }: Pick<Image, 'path' | 'container'>,
  members: readonly RawPath[],
  into: RawPath,
): Promise<RawPath> {
  const isImage = container === 'sparse-image'
  const folder = isImage ? parent(path) : path
  const names = isImage ? [baseName(path)] : members
  const { system, destination } = client
  const args = [
    '-a',
    '--numeric-ids',
    '--ignore-times',
    '--files-from=-',
    '--from0',
    `--rsync-path=${remoteRsync()}`,
    '-e',
    rsh(system.tools.ssh, sshArguments(client)),
    '--',
    `${destination}:${text(folder)}/`,
    `${text(into)}/`,
  ]
  const result = await system.tool('rsync', args, {
    env: sshEnvironment(),
    input: Buffer.concat(names.map((name) => Buffer.concat([toBytes(name), Buffer.of(0)]))),
    timeoutSeconds: client.callSeconds,
  })
  const silent = noAnswer(result)
  if (silent === undefined) return isImage ? join(into, baseName(path)) : into
  throw new OperationalError(
    'client-fetch-failed',
    `Members of ${printable(path)} could not be copied again from the client: ${silent}.`,
    'It is tried again in the next run.',
  )
}

/** LBackup's ssh wrapper lets four absolute paths of rsync through and nothing else. */
export const remoteRsync = (): string => process.env['ssh_rsync_path_remote'] ?? '/usr/bin/rsync'

/** A path as an argument: one that is not UTF-8 cannot be given to a program by Node. */
function text(path: RawPath): string {
  const argument = toBytes(path).toString('utf8')
  if (Buffer.from(argument, 'utf8').equals(toBytes(path))) return argument
  throw new OperationalError(
    'path-not-utf8',
    `${printable(path)} is not UTF-8, and cannot be asked for by its name.`,
    'Rename it on the client.',
  )
}

/** rsync splits `-e` at blanks and knows single and double quotes. */
export const rsh = (ssh: string, args: readonly string[]): string =>
  [ssh, ...args].map((word) => (/[\s"]/.test(word) ? `'${word}'` : word)).join(' ')
