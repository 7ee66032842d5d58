import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Lab } from '../session/index.js'

const parts = fileURLToPath(new URL('../../../client/', import.meta.url))
const relay = fileURLToPath(new URL('./relay.js', import.meta.url))

/** A machine that is backed up over ssh: a real sshd on 127.0.0.1 with keys, a port and a gate of its own. */
export interface ClientMachine {
  /** The client's own files; it sees them at the path of LBackup's source, where this machine has others. */
  readonly source: string
  /** Stands for `ssh`: the real one, with a configuration of its own in which the client is called `client`. */
  readonly ssh: string
  /** The folder of the client's program. */
  readonly program: string
  /** Replaces the lines of client.conf beyond the root and the log. */
  configure(lines: readonly string[]): void
  /** The lines of sshd's log that tell of a login. */
  logins(): string[]
  /** Lines of the gate's log. */
  gateLog(): string[]
  /** Ends the login that the calls of a run share, if one is left, and then the server. */
  stop(): Promise<void>
}

export interface ClientOptions {
  /** Instead of the gate: what the key may run; `PROGRAM` is the folder of the client's program. */
  readonly forced?: string
  /** More lines for client.conf; `PROGRAM` as above. */
  readonly conf?: readonly string[]
  /** More lines for ssh's configuration; `PORT` is that of the client. */
  readonly sshConfig?: readonly string[]
  /** A folder that is the client's own /usr/local/libexec. */
  readonly libexec?: string
  /** Where LBackup's source lies; default: that of the lab. */
  readonly place?: string
}

/** A command for ProxyCommand by which every byte comes so much later, in both directions. */
export const delayed = (milliseconds: number): string =>
  `ProxyCommand '${process.execPath}' '${relay}' PORT ${String(milliseconds)}`

export const settingsOfClient = { useSSH: 'YES', sshRemoteUser: 'root', sshRemoteServer: 'client', SSHTest: 'YES' }

/** Starts a client for a lab. Needs root: the client's files are mounted over the source's path for its processes alone. */
export async function clientMachine(lab: Lab, options: ClientOptions = {}): Promise<ClientMachine> {
  const { forced = 'PROGRAM/ssh-gate', conf = [], sshConfig = [], place = lab.source, libexec } = options
  const folder = join(lab.folder, 'client')
  const source = join(folder, 'source')
  const program = join(folder, 'program')
  for (const path of [folder, source, program, join(folder, 'ssh')]) mkdirSync(path, { mode: 0o755 })
  for (const name of readdirSync(parts)) {
    if (name.endsWith('.md')) continue
    copyFileSync(join(parts, name), join(program, name))
    chmodSync(join(program, name), 0o755)
  }
  const gateLog = join(folder, 'gate.log')
  const configure = (more: readonly string[]): void => {
    const lines = [`root ${place}`, `log ${gateLog}`, ...more.map((line) => line.replaceAll('PROGRAM', program)), '']
    writeFileSync(join(program, 'client.conf'), lines.join('\n'))
  }
  configure(conf)
  const shell = join(program, 'enter')
  // Only what comes over ssh sees the client's files.
  const inner = forced.replaceAll('PROGRAM', program)
  mkdirSync(place, { recursive: true })
  writeFileSync(
    shell,
    `#!/bin/sh\nexec unshare --mount sh -c 'mount --rbind "${source}" "${place}" && exec ${inner}'\n`,
  )
  chmodSync(shell, 0o755)
  const { port, server, logins } = await startServer(join(folder, 'ssh'), shell, libexec)
  const ssh = sshProgram(join(folder, 'ssh'), port, sshConfig)
  return {
    source,
    ssh,
    program,
    configure,
    logins,
    gateLog: () => (existsSync(gateLog) ? readFileSync(gateLog, 'utf8').trim().split('\n') : []),
    async stop() {
      const socket = join(lab.folder, 'state/ssh')
      if (existsSync(socket)) spawnSync(ssh, ['-o', `ControlPath=${socket}`, '-O', 'exit', 'client'])
      // A login that is still shared keeps sshd's child, and with it our end of the log.
      server.stderr.destroy()
      server.kill()
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
    },
  }
}

async function startServer(folder: string, shell: string, libexec: string | undefined) {
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const key = (name: string): void => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)])
  }
  key('host')
  key('user')
  const allowed = `command="${shell}",restrict ${readFileSync(join(folder, 'user.pub'), 'utf8')}`
  writeFileSync(join(folder, 'authorized_keys'), allowed, { mode: 0o600 })
  const port = await freePort()
  const config = [
    `Port ${String(port)}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    `PidFile ${join(folder, 'pid')}`,
    'PermitRootLogin forced-commands-only',
    'PasswordAuthentication no',
    'UsePAM no',
    // The folders above are those of a test.
    'StrictModes no',
    'LogLevel VERBOSE',
    '',
  ]
  writeFileSync(join(folder, 'sshd_config'), config.join('\n'))
  const call = ['/usr/sbin/sshd', '-D', '-e', '-f', join(folder, 'sshd_config')]
  const mount = 'mkdir -p /usr/local/libexec && mount --bind "$0" /usr/local/libexec && exec "$@"'
  const [program = '', ...args] =
    libexec === undefined ? call : ['unshare', '--mount', 'sh', '-c', mount, libexec, ...call]
  const server = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const lines: string[] = []
  await new Promise<void>((resolve, reject) => {
    server.once('exit', () => reject(new Error(`sshd did not start: ${lines.join('\n')}`)))
    createInterface({ input: server.stderr }).on('line', (line) => {
      lines.push(line)
      if (line.includes('Server listening')) resolve()
    })
  })
  return { port, server, logins: () => lines.filter((line) => line.includes('Accepted publickey')) }
}

/** The system gives one that nobody has. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function sshProgram(folder: string, port: number, more: readonly string[]): string {
  const host = readFileSync(join(folder, 'host.pub'), 'utf8').split(' ').slice(0, 2).join(' ')
  writeFileSync(join(folder, 'known_hosts'), `[127.0.0.1]:${String(port)} ${host}\n`)
  const config = [
    'Host client',
    '  HostName 127.0.0.1',
    `  Port ${String(port)}`,
    '  User root',
    `  IdentityFile ${join(folder, 'user')}`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${join(folder, 'known_hosts')}`,
    '  StrictHostKeyChecking yes',
    ...more.map((line) => `  ${line.replaceAll('PORT', String(port))}`),
    '',
  ]
  writeFileSync(join(folder, 'config'), config.join('\n'))
  const program = join(folder, 'ssh')
  writeFileSync(program, `#!/bin/sh\nexec /usr/bin/ssh -F '${join(folder, 'config')}' "$@"\n`)
  chmodSync(program, 0o755)
  return program
}
