import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Context } from 'mocha'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'

const program = fileURLToPath(new URL('../../../client/ssh-gate', import.meta.url))

/** The shells that may be /bin/sh on a client. */
export const shells: readonly (readonly string[])[] = [['dash'], ['bash', '--posix'], ['busybox', 'sh']]

/** Skips visibly where this shell is absent. */
export function needShell(context: Context, [file = '']: readonly string[]): void {
  if (spawnSync(file, ['-c', ':']).error !== undefined) skip(context, `no ${file} here`)
}

/** What was asked of a gate: bytes where it need not be text, nothing for a login. */
export type Command = string | Buffer | undefined

export interface Answer {
  readonly code: number | null
  readonly output: string
  /** The program that was run instead of rsync, our own program, … and its words; nothing if none was. */
  readonly ran: readonly string[] | undefined
}

export interface Lab {
  readonly folder: string
  /** A configured root; `away` lies beside it and is none. */
  readonly root: string
  readonly away: string
  /** Where ssh-gate, client.conf and our own program lie. */
  readonly programs: string
  readonly gate: string
  readonly configuration: string
  /** What only an attack makes. */
  readonly canary: string
  configure(lines: readonly string[]): void
  log(): string[]
  ask(shell: readonly string[], command: Command, options?: AskOptions): Promise<Answer>
}

export interface AskOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly input?: string
}

/** One of LBackup's paths, as it is called within the lab. */
export const lbackupPaths = [
  '/usr/bin/rsync',
  '/usr/local/bin/rsync',
  '/usr/local/bin/rsync_v3',
  '/usr/local/bin/rsync_3.2.2',
  '/usr/sbin/growlout',
  '/usr/sbin/sleepy',
] as const

// Tells what it was called as, and with what; never by way of a shell that could change it.
const recorder = `#!/bin/sh
printf '%s\\0' "$0" "$@" >>"$record"
echo "gate=\${LBACKUP_FILEVAULT_GATE-} asked=\${SSH_ORIGINAL_COMMAND-}"
exit "\${stub_status:-0}"
`

let asked = 0

/** A gate with stand-ins for every program it may run. Paths of programs of the system lead into the lab. */
export function makeLab(): Lab {
  const folder = temporaryFolder()
  const programs = join(folder, 'programs')
  const root = join(folder, 'Users')
  const away = join(folder, 'Users2')
  for (const made of [
    programs,
    root,
    away,
    join(folder, 'usr/sbin'),
    join(folder, 'usr/local/bin'),
    join(folder, 'usr/bin'),
  ]) {
    mkdirSync(made, { recursive: true })
  }
  const stubs = [...lbackupPaths.map((path) => join(folder, path)), join(programs, 'lbackup-filevault-client')]
  for (const stub of [...stubs, join(folder, 'wrapper'), join(folder, 'rsync')]) writeProgram(stub, recorder)
  const gate = join(programs, 'ssh-gate')
  let text = readFileSync(program, 'utf8')
  for (const path of lbackupPaths)
    text = text.replaceAll(new RegExp(`(?<=[\\n (|])${path}(?=[ )])`, 'g'), join(folder, path))
  writeProgram(gate, text)
  copyFileSync(join(program, '../gate-rsync.sh'), join(programs, 'gate-rsync.sh'))
  const start = join(folder, 'start')
  writeProgram(
    start,
    '#!/bin/sh\nSSH_ORIGINAL_COMMAND=$(cat "$1" && echo x)\nexport SSH_ORIGINAL_COMMAND\nshift\n' +
      'SSH_ORIGINAL_COMMAND=${SSH_ORIGINAL_COMMAND%?x}\nexec "$@"\n',
  )
  const configuration = join(programs, 'client.conf')
  const logFile = join(folder, 'gate.log')
  const lab: Lab = {
    ...{ folder, root, away, programs, gate, configuration },
    canary: join(folder, 'canary'),
    configure(lines) {
      writeFileSync(configuration, ['# made by a test', `root ${root}`, `log ${logFile}`, ...lines, ''].join('\n'))
    },
    log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n').slice(0, -1) : []),
    async ask(shell, command, { environment = {}, input = '' } = {}) {
      const record = join(folder, `record-${String((asked += 1))}`)
      const words = [...shell, gate]
      const env: Record<string, string> = {
        ...{ PATH: process.env['PATH'] ?? '', USER: 'root', SSH_CONNECTION: '192.0.2.1 50000 192.0.2.2 22', record },
        ...environment,
      }
      if (typeof command === 'string') env['SSH_ORIGINAL_COMMAND'] = command
      if (typeof command === 'object') {
        writeFileSync(`${record}-command`, Buffer.concat([command, Buffer.from('\n')]))
        words.unshift(start, `${record}-command`)
      }
      const { code, output } = await run(words, env, folder, input)
      return {
        code,
        output,
        ran: existsSync(record) ? readFileSync(record, 'latin1').split('\0').slice(0, -1) : undefined,
      }
    },
  }
  lab.configure([])
  return lab
}

function run(
  [file = '', ...args]: string[],
  env: Record<string, string>,
  cwd: string,
  input: string,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, cwd, stdio: ['pipe', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (data: Buffer) => (output += data.toString('latin1')))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input, 'latin1')
    child.once('error', reject)
    child.once('close', (code) => {
      resolve({ code, output })
    })
  })
}

export function writeProgram(path: string, text: string): void {
  writeFileSync(path, text)
  chmodSync(path, 0o755)
}

/** Lets the lab's gate start the real rsync, and returns a program to give to `rsync -e`: an ssh whose server is the gate. */
export function fakeSsh(lab: Lab, shell: readonly string[]): string {
  copyFileSync('/usr/bin/rsync', join(lab.folder, 'usr/bin/rsync'))
  const ssh = join(lab.folder, 'ssh')
  writeProgram(
    ssh,
    `#!/bin/sh
while :; do case $1 in -l) shift 2 ;; -*) shift ;; *) break ;; esac; done
shift
SSH_ORIGINAL_COMMAND=$*
export SSH_ORIGINAL_COMMAND
${shell.join(' ')} '${lab.gate}'
status=$?
echo "$status" >'${lab.folder}/status'
exit "$status"
`,
  )
  return ssh
}

/** Does these, eight at once; after the first that fails no more. */
export async function each<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const lane = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      await action(item).catch((error: unknown) => {
        left.length = 0
        throw error
      })
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: 8 }, lane))
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason
}
