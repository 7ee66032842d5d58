import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderLauncher, type LauncherFacts } from '../../../lib/install/launcher.js'
import type { Phase } from '../../../lib/lbackup/exit-codes.js'
import { blockLines, mark } from '../../../lib/link/markers.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../temporary.js'

const template = readFileSync(fileURLToPath(new URL('../../../hooks/launcher.sh', import.meta.url)), 'utf8')

/** The shells that may be /bin/sh. */
export const shells: readonly (readonly string[])[] = [['dash'], ['bash', '--posix'], ['busybox', 'sh']]

/** The administrator's lines in a bench's excludes file. */
export const administrators = '*.tmp\r\n# his own\nno end'

/** A launcher by itself: without LBackup, with a few lines of sh for Node. */
export interface LauncherBench {
  readonly folder: string
  readonly configurationFolder: string
  readonly excludesFile: string
  readonly logFile: string
  readonly package: string
  readonly node: string
  /** Replaces what stands for Node; without lines, removes it. */
  nodeIs(lines: string): void
  /** Puts a block of that LBackup into the excludes file, before the administrator's lines. */
  putBlock(lbackup: number): void
  excludes(): string
  blockInForce(): boolean
  log(): string
  start(phase: Phase, options?: StartOptions): Started
  run(phase: Phase, options?: StartOptions): Promise<Ended>
}

export interface StartOptions extends Partial<LauncherFacts> {
  readonly shell?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Changes the launcher's text. */
  readonly edit?: (text: string) => string
  /** Words before the shell: a program that starts it. */
  readonly through?: readonly string[]
  readonly stdout?: number
}

export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

export interface Ended {
  /** As LBackup's shell sees it. */
  readonly code: number
  readonly output: string
}

const signals: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGUSR1: 10 }

/** Makes a bench in a folder that only we may write. `name`: of the folder in which everything lies. */
export function launcherBench(name = 'bench'): LauncherBench {
  const folder = join(temporaryFolder(), name)
  const configurationFolder = join(folder, 'config')
  const packageFolder = join(folder, 'package')
  const excludesFile = join(configurationFolder, 'excludes.txt')
  const logFile = join(configurationFolder, 'backup.log')
  const node = join(folder, 'node')
  mkdirSync(join(packageFolder, 'dist/hooks'), { recursive: true })
  mkdirSync(configurationFolder)
  for (const phase of ['pre', 'post']) writeFileSync(join(packageFolder, `dist/hooks/${phase}-backup.js`), '')
  writeFileSync(join(packageFolder, 'package.json'), '{}')
  writeFileSync(excludesFile, administrators)
  writeFileSync(logFile, 'header\n')
  const bench: LauncherBench = {
    ...{ folder, configurationFolder, excludesFile, logFile, package: packageFolder, node },
    nodeIs(lines) {
      writeFileSync(node, `#!/bin/sh\n${lines}\n`)
      chmodSync(node, 0o755)
    },
    putBlock(lbackup) {
      const block = blockLines({ run: 'r', lbackupPid: lbackup, lbackupStarted: 1 }, [fromText('- /home/secret')])
      writeFileSync(excludesFile, `${block.join('\n')}\n${administrators}`)
    },
    excludes: () => readFileSync(excludesFile, 'latin1'),
    blockInForce: () => bench.excludes().includes(mark),
    log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''),
    start: (phase, options = {}) => start(bench, phase, options),
    run: (phase, options = {}) => start(bench, phase, options).ended,
  }
  bench.nodeIs('exit 100')
  return bench
}

function start(bench: LauncherBench, phase: Phase, options: StartOptions): Started {
  const {
    shell = ['/bin/sh'],
    environment = {},
    edit = (text: string) => text,
    through = [],
    stdout,
    ...facts
  } = options
  const path = join(bench.folder, `launcher-${phase}`)
  const text = renderLauncher(template, {
    ...{ phase, node: bench.node, package: bench.package, onCrash: 'halt', excludesName: 'excludes.txt' },
    ...facts,
  })
  writeFileSync(path, edit(text))
  const [file = '', ...args] = [...through, ...shell, path]
  const child = spawn(file, args, {
    detached: true,
    stdio: ['ignore', stdout ?? 'pipe', stdout ?? 'pipe'],
    env: {
      PATH: '/usr/bin:/bin',
      backupConfigurationFilePath: join(bench.configurationFolder, 'backup.conf'),
      backupConfigurationFolderPath: bench.configurationFolder,
      logFile: bench.logFile,
      ...environment,
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data: Buffer) => (output += data.toString()))
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      resolve({ code: code ?? 128 + (signal === null ? 0 : (signals[signal] ?? 100)), output })
    })
  })
  return { child, ended }
}
