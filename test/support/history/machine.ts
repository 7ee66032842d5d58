import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import type { Report } from '../../../lib/generated/report.js'
import { hookEnvironment } from '../../../lib/lbackup/environment.js'
import type { Phase } from '../../../lib/lbackup/exit-codes.js'
import type { RunContext } from '../../../lib/run/context.js'
import { post } from '../../../lib/run/post.js'
import { pre } from '../../../lib/run/pre.js'
import { prepare } from '../../../lib/run/prepare.js'
import type { Lab } from '../session/index.js'

/** What comes between the steps of a night. */
export interface Moments {
  readonly beforeCopy?: () => void
  readonly afterCopy?: () => void
  /** The pre hook dies at the how manieth program that it calls. */
  readonly preDiesAt?: number
  /** LBackup ends without its post actions. */
  readonly withoutPost?: boolean
  /** The hooks are not installed yet. */
  readonly withoutHooks?: boolean
}

const running = promisify(execFile)

/** LBackup as far as a set of sections sees it: rsync against the newest section, then the rotation. */
export async function night(lab: Lab, numRotations: number, moments: Moments = {}): Promise<Report | undefined> {
  const hooked = moments.withoutHooks !== true
  if (hooked && !(await preHook(lab, numRotations, moments.preDiesAt))) return undefined
  moments.beforeCopy?.()
  await copy(lab)
  moments.afterCopy?.()
  rotate(lab, numRotations)
  if (!hooked || moments.withoutPost === true) return undefined
  return post(await context(lab, numRotations, 'post'))
}

/** Whether the backup goes on. A hook that dies halts it, as its launcher does. */
async function preHook(lab: Lab, numRotations: number, diesAt: number | undefined): Promise<boolean> {
  const whole = await context(lab, numRotations, 'pre')
  const dying = diesAt === undefined ? whole : { ...whole, system: dyingSystem(whole, diesAt) }
  try {
    return (await pre(dying)).exitCode !== 129
  } catch (error) {
    if ((error as Error).message !== 'killed' && !(error instanceof OperationalError)) throw error
    // What the launcher does first in the next night.
    return false
  }
}

function dyingSystem({ system }: RunContext, diesAt: number): RunContext['system'] {
  let calls = 0
  return {
    ...system,
    tool: (...args) => {
      calls += 1
      if (calls >= diesAt) throw new Error('killed')
      return system.tool(...args)
    },
  }
}

function context(lab: Lab, numRotations: number, phase: Phase): Promise<RunContext> {
  const environment = hookEnvironment({
    backupConfigurationFilePath: lab.configurationFile,
    backupConfigurationFolderPath: lab.configurationFolder,
    backupSource: lab.source,
    backupDest: lab.destination,
    logFile: lab.logFile,
    numRotations: String(numRotations),
    useSSH: 'NO',
    ACTION_DIRECTORY: `${phase}-actions`,
    ...(phase === 'post' ? { backup_status: 'SUCCESS', pre_backup_script_status: 'SUCCESS' } : {}),
  })
  return prepare(environment, { log: () => undefined, print: () => undefined, say: () => undefined })
}

async function copy(lab: Lab): Promise<void> {
  const newest = join(lab.destination, 'Section.0')
  const link = existsSync(newest) ? [`--link-dest=${newest}`] : []
  const target = join(lab.destination, 'Section.inprogress')
  rmSync(target, { recursive: true, force: true })
  const options = ['-a', '--numeric-ids', '--delete-excluded', '--modify-window=20']
  await running('rsync', [...options, `--exclude-from=${lab.excludesFile}`, ...link, lab.source, target])
}

function rotate({ destination }: Lab, numRotations: number): void {
  rmSync(join(destination, `Section.${String(numRotations - 1)}`), { recursive: true, force: true })
  for (let number = numRotations - 2; number >= 0; number -= 1) {
    const from = join(destination, `Section.${String(number)}`)
    if (existsSync(from)) renameSync(from, join(destination, `Section.${String(number + 1)}`))
  }
  renameSync(join(destination, 'Section.inprogress'), join(destination, 'Section.0'))
}

/** Holds a file open from a process that is nobody's child; returns how to let go. */
export function holdOpen(path: string): () => void {
  const script = 'sleep 3600 3<>"$0" >/dev/null 2>&1 </dev/null & echo $!'
  const pid = Number(execFileSync('sh', ['-c', script, path], { encoding: 'utf8' }))
  return () => {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It came to its end.
    }
  }
}

/** Every file in a folder with its bytes, as one text; folders of ours left out. */
export function contentOf(folder: string): string {
  const lines: string[] = []
  const walk = (path: string, shown: string): void => {
    for (const name of readdirSync(path).sort()) {
      if (name === '.lbackup-filevault' || name.startsWith('FILEVAULT-README')) continue
      const inner = join(path, name)
      if (statSync(inner).isDirectory()) walk(inner, `${shown}/${name}`)
      else lines.push(`${shown}/${name} ${readFileSync(inner).toString('base64')}`)
    }
  }
  walk(folder, '')
  return lines.join('\n')
}
