import { execFile } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import type { Report } from '../../../lib/generated/report.js'
import { hookEnvironment } from '../../../lib/lbackup/environment.js'
import type { Phase } from '../../../lib/lbackup/exit-codes.js'
import type { RunContext } from '../../../lib/run/context.js'
import { post } from '../../../lib/run/post.js'
import { pre } from '../../../lib/run/pre.js'
import { prepare } from '../../../lib/run/prepare.js'
import { builtPackage } from '../fault/package-copy.js'
import type { Lab } from '../session/index.js'

/** What befalls a hook. */
export type Fault =
  /** It dies when it calls its how manieth program. */
  | { readonly kind: 'program'; readonly step: number }
  /** At its how manieth step that changes something below a folder: it dies, the disk is full from then on, or it fails once. */
  | { readonly kind: 'kill' | 'ENOSPC' | 'EIO'; readonly step: number; readonly below: string }

/** `halted`: with 129, or because it was killed; of a post hook: it ended without a report. */
export interface HookEnd {
  readonly ended: 'well' | 'halted' | 'killed'
  readonly report?: Report
  /** Its steps, where a fault was aimed at one and it came to its end. */
  readonly steps?: number
}

export interface HookOrder {
  readonly lab: Lab
  readonly numRotations: number
  readonly phase: Phase
  readonly backupFailed?: boolean
  readonly fault?: Fault | undefined
}

/** Runs a hook as LBackup does: in this process, or in one of its own where that is to be killed or its disk to fail. */
export function runHook(order: HookOrder): Promise<HookEnd> {
  const { fault } = order
  return fault === undefined || fault.kind === 'program' ? here(order, fault?.step) : inChild(order, fault)
}

const killed = 'killed'

async function here(order: HookOrder, diesAt: number | undefined): Promise<HookEnd> {
  const voice = { log: () => undefined, print: () => undefined, say: () => undefined }
  try {
    const whole = await prepare(hookEnvironment(environment(order)), voice)
    const context = diesAt === undefined ? whole : { ...whole, system: dying(whole, diesAt) }
    const report = await (order.phase === 'pre' ? pre(context) : post(context))
    return { ended: report.exitCode === 129 ? 'halted' : 'well', report }
  } catch (error) {
    if ((error as Error).message === killed) return { ended: 'killed' }
    if (error instanceof OperationalError) return { ended: 'halted' }
    throw error
  }
}

function dying({ system }: RunContext, diesAt: number): RunContext['system'] {
  let calls = 0
  return {
    ...system,
    tool: (...args) => {
      calls += 1
      if (calls >= diesAt) throw new Error(killed)
      return system.tool(...args)
    },
  }
}

const preload = fileURLToPath(new URL('./faults.js', import.meta.url))

function inChild(order: HookOrder, fault: Exclude<Fault, { kind: 'program' }>): Promise<HookEnd> {
  const { lab, phase } = order
  const [reportFile, countFile] = [join(lab.folder, 'state/report.json'), join(lab.folder, 'steps')]
  for (const file of [reportFile, countFile]) rmSync(file, { force: true })
  const script = join(builtPackage(), `dist/hooks/${phase}-backup.js`)
  const env = {
    ...environment(order),
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: lab.folder,
    HISTORY_FAULT: JSON.stringify({ ...fault, countFile }),
  }
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, ['--import', preload, script], { env }, (_, output, complaints) => {
      const { exitCode, signalCode } = child
      if (signalCode === 'SIGKILL') return resolve({ ended: 'killed' })
      if (exitCode === null || !answers.has(exitCode)) {
        return reject(
          new Error(`the ${phase} hook ended with ${String(exitCode ?? signalCode)}: ${output}${complaints}`),
        )
      }
      const report = existsSync(reportFile) ? (JSON.parse(readFileSync(reportFile, 'utf8')) as Report) : undefined
      const steps = Number(readFileSync(countFile, 'utf8'))
      const ended = exitCode === halt || report?.phase !== phase ? 'halted' : 'well'
      resolve({ ended, steps, ...(report?.phase === phase ? { report } : {}) })
    })
  })
}

/** What a hook tells its launcher; see `launcherCode`. Anything else is a bug of ours, whatever the disk does. */
const halt = 102
const answers = new Set([100, 101, halt])

function environment({ lab, numRotations, phase, backupFailed = false }: HookOrder): Record<string, string> {
  return {
    backupConfigurationFilePath: lab.configurationFile,
    backupConfigurationFolderPath: lab.configurationFolder,
    backupSource: lab.source,
    backupDest: lab.destination,
    logFile: lab.logFile,
    numRotations: String(numRotations),
    useSSH: 'NO',
    ACTION_DIRECTORY: `${phase}-actions`,
    ...(phase === 'post'
      ? { backup_status: backupFailed ? 'FAILED' : 'SUCCESS', pre_backup_script_status: 'SUCCESS' }
      : {}),
  }
}
