import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { readJournal } from '../../lib/watch/journal.js'
import { mebibyte, writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { makeLab } from '../support/session/lab.js'
import { protect } from '../support/protect.js'
import { compare, type Figure } from './support.js'

/** Processor time of the whole pre hook, launcher included, with three small images, against an empty Node. */
export async function benchPreHook(): Promise<Figure[]> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'lbackup-filevault-bench-'))
  try {
    const lab = makeLab({}, folder)
    for (const name of ['alice', 'bob', 'carol']) {
      writeSparseBundle(join(lab.source, name, `${name}s work.sparsebundle`), {
        seed: name,
        bands: [{ index: 0, length: mebibyte }],
      })
    }
    const stateFolder = protect(lab, { limits: { quietSeconds: 0 } })
    const launcher = join(lab.configurationFolder, 'resources/pre-actions/BACKUP-850-filevault')
    const environment = {
      PATH: '/usr/bin:/bin',
      HOME: folder,
      backupConfigurationFilePath: lab.configurationFile,
      backupConfigurationFolderPath: lab.configurationFolder,
      backupSource: lab.source,
      backupDest: lab.destination,
      logFile: lab.logFile,
      numRotations: '3',
      useSSH: 'NO',
      sshSource: '@',
      ACTION_DIRECTORY: join(lab.configurationFolder, 'resources/pre-actions'),
      ACTION_PREFIX: 'BACKUP',
      action_name: 'BACKUP-850-filevault',
    }
    const subject = async (): Promise<number> => {
      rmSync(stateFolder, { recursive: true, force: true })
      writeFileSync(lab.logFile, '')
      const took = processorMilliseconds([launcher, lab.configurationFile], environment)
      await endWatch(join(stateFolder, 'watch.jsonl'))
      return took
    }
    const reference = (): number => processorMilliseconds([process.execPath, '-e', '0'], environment)
    return [
      await compare({
        work: 'pre hook, three small images, CPU',
        limit: 6,
        against: 'node -e 0',
        subject,
        reference,
      }),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the hook started stays beside LBackup; the next measurement is not to run beside it. */
async function endWatch(journal: string): Promise<void> {
  while (!existsSync(journal)) await pause(10)
  process.kill(readJournal(readFileSync(journal, 'utf8')).process?.pid ?? 0)
  while (!readJournal(readFileSync(journal, 'utf8')).whole) await pause(10)
}

/** Of the program and all it started, user and system together. Throws where it does not end with 0. */
function processorMilliseconds(argv: readonly string[], env: NodeJS.ProcessEnv): number {
  const script = 'TIMEFORMAT="%U %S"; { time "$@" >/dev/null 2>&1; } 2>&1 || { echo "exit $?"; exit 1; }'
  const output = execFileSync('/bin/bash', ['-c', script, 'time', ...argv], { env, encoding: 'utf8' })
  const [user, system] = output.trim().split(' ').map(Number)
  return ((user ?? 0) + (system ?? 0)) * 1000
}
