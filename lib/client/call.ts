import type { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import type { CommandResult } from '../system/process.js'
import { noAnswer } from '../system/tool-answer.js'
import { printable } from '../text/printable.js'
import { fromBytes, type RawPath } from '../text/raw-path.js'
import { readAnswer, type Answer } from './answer.js'
import type { Client } from './client-type.js'
import { sshArguments, sshEnvironment } from './ssh.js'
import { command, newNonce, type Verb } from './words.js'

export interface CallOptions {
  readonly input?: Buffer | string
  readonly seconds?: number
  readonly maxOutputBytes?: number
}

const mebibyte = 1024 * 1024

/**
 * Given a client, a verb and its words, call the program there and return its whole answer. Throws OperationalError
 * where there is none: `client-unreachable`, `client-absent` (no such program there, or the key's forced command lets it
 * not through), `client-other-version`, `client-cut-off`, `client-slow`.
 */
export async function callClient(
  client: Client,
  verb: Verb,
  words: readonly string[] = [],
  options: CallOptions = {},
): Promise<Answer> {
  const nonce = newNonce()
  const { system, destination } = client
  const result = await system.tool('ssh', [...sshArguments(client), '--', destination, command(nonce, verb, words)], {
    env: sshEnvironment(),
    timeoutSeconds: options.seconds ?? client.callSeconds,
    maxOutputBytes: options.maxOutputBytes ?? 1024 * mebibyte,
    ...(options.input === undefined ? {} : { input: options.input }),
  })
  const answer = readAnswer(result.stdout, nonce, verb)
  if (typeof answer === 'object' && !result.tooMuchOutput) return answer
  throw failure(client, verb, result, answer)
}

type Login = Pick<Client, 'system' | 'destination' | 'control'>

/** Given a client, end the login that its calls shared. That there is none any more is fine. */
export const closeConnection = (client: Login): Promise<void> => tellLogin(client, 'exit')

/** As `closeConnection`, but calls that go on are not cut off: the login ends with the last of them. */
export const letConnectionEnd = (client: Login): Promise<void> => tellLogin(client, 'stop')

async function tellLogin({ system, destination, control }: Login, what: 'exit' | 'stop'): Promise<void> {
  if (control === undefined) return
  const args = [...sshArguments({ control }), '-O', what, '--', destination]
  await system.tool('ssh', args, { env: sshEnvironment(), timeoutSeconds: 30 })
}

const sshFailed = 255

function failure(
  { destination }: Client,
  verb: Verb,
  result: CommandResult,
  answer: ReturnType<typeof readAnswer>,
): OperationalError {
  const words = printable(
    fromBytes((result.stderr.length > 0 ? result.stderr : result.stdout).subarray(0, 300)).trim() as RawPath,
  )
  const said = words === '' ? '' : ` (${words})`
  if (result.timedOut) {
    const message = `The client ${destination} did not answer in time to \`${verb}\` and was given up.`
    return new OperationalError(
      'client-slow',
      message,
      'See whether it sleeps or its disk hangs; raise limits.clientMinutes.',
    )
  }
  if (answer === 'other-version') {
    return new OperationalError(
      'client-other-version',
      `The program on the client ${destination} is of another version than this one.`,
      `Bring it up to date: lbackup-filevault install --client ${destination}`,
    )
  }
  if (answer === 'absent' && result.exitCode !== sshFailed && result.startError === undefined) {
    return new OperationalError(
      'client-absent',
      `The client ${destination} does not run our program: it is not installed there, or the ssh key may not run it${said}.`,
      `Install it: lbackup-filevault install --client ${destination}`,
    )
  }
  if (answer === 'absent') {
    const why = result.startError === undefined ? said : ` (${noAnswer(result) ?? ''})`
    return new OperationalError(
      'client-unreachable',
      `The client ${destination} could not be reached${why}.`,
      'Try it by hand with ssh as the user who runs LBackup.',
    )
  }
  return new OperationalError(
    'client-cut-off',
    `The answer of the client ${destination} to \`${verb}\` was cut off and is worth nothing${said}.`,
    'See whether the client went to sleep or the connection broke, and run again.',
  )
}
