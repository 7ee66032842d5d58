import { backupSource } from '../lbackup/backup-source.js'
import { literal } from '../lbackup/configuration.js'
import { applyKey, installClient, lineOf } from '../install/client.js'
import { clientFolder } from '../install/client-script.js'
import { readFileBounded } from '../system/file.js'
import { absolute, usage } from './arguments.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { machineOf } from './machine.js'
import { withProgress } from './output.js'

/** What `install --client` was told. */
export interface ClientValues {
  readonly client: string
  readonly config?: string | undefined
  readonly key?: string | undefined
  readonly apply?: boolean | undefined
  readonly 'dry-run'?: boolean | undefined
}

const longestKey = 64 * 1024

/** Put the client's part on a client, print or write the line that binds a key to its gate, and return the exit code. */
export async function installOnClient(values: ClientValues, context: CliContext): Promise<number> {
  const { client: destination, key, apply = false } = values
  if (!/^[^\s@-][^\s@]*@[^\s@-][^\s@]*$/.test(destination)) throw usage('install', '--client takes USER@HOST.')
  if (apply && key === undefined) throw usage('install', '--apply needs --key: the public key that is to be bound.')
  const { setup, loaded, system } = machineOf('install', values.config)
  const source = backupSource(literal(setup.configuration, 'backupSource'))
  const line = key === undefined ? undefined : lineOf(readFileBounded(absolute(key), longestKey).bytes.toString('utf8'))
  if (values['dry-run'] === true) {
    context.stdout(`would put the client's part into ${clientFolder} on ${destination}\nNothing was changed.\n`)
    return exitCode.fine
  }
  const client = { system, destination, control: undefined, callSeconds: loaded.config.limits.clientMinutes * 60 }
  await withProgress(context, `installing on ${destination}`, installClient(client, [source.path]))
  context.stdout(`done: ${clientFolder} on ${destination}; its gate was tried and works.\n`)
  if (line === undefined) {
    context.stdout(
      'Bind the key by which LBackup reaches it: install again with --key FILE.pub, and --apply to write it there.\n',
    )
  } else if (apply) {
    await applyKey(client, line)
    context.stdout(`done: the key may run nothing there but the gate now, and our program answers through it.\n`)
  } else {
    context.stdout(
      `\nPut this line into authorized_keys on ${destination}, in place of the one of the same key:\n\n${line}\n`,
    )
  }
  return exitCode.fine
}
