import { OperationalError } from '../finding/operational-error.js'
import type { Report } from '../generated/report.js'
import { hookEnvironment } from '../lbackup/environment.js'
import { hookExitCode, type Phase } from '../lbackup/exit-codes.js'
import { writeLog } from '../lbackup/log.js'
import { shout, type ReportLine } from '../report/lines.js'
import { before } from '../system/clock.js'
import { readKernelFile } from '../system/kernel-file.js'
import type { RawPath } from '../text/raw-path.js'
import { prepare } from './prepare.js'
import type { RunContext } from './context.js'
import { orphaned } from './orphan.js'

/** The exit code of a bug of ours; the launcher turns it into what `onCrash` says. */
const bug = 70

const consequence: Record<Phase, string> = {
  pre: 'The backup is halted; every section stays as it is.',
  post: 'The copies of this run were not checked.',
}

/**
 * Given which hook this is and its beats, run them in LBackup's environment and return the exit code LBackup is to see.
 * Every way out that we know of says why in LBackup's log: LBackup itself writes nothing there of a hook's halt.
 */
export async function runHook(phase: Phase, beats: (context: RunContext) => Promise<Report>): Promise<number> {
  // The launcher never lets a run go on with this set; that everything could be loaded is the test.
  if (process.env['lbackup_filevault_self_test'] === 'YES') return 0
  // What reads our output may be gone, or its disk full; that is no reason to end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  let log: RunContext['log'] = () => undefined
  let machine: RunContext['machine']
  try {
    const environment = hookEnvironment(process.env, environ())
    log = (lines) => {
      writeLog(
        environment,
        lines.map(({ loudness, text }) => ({ severity: loudness, text })),
      )
    }
    const say = (...lines: readonly ReportLine[]): void => {
      terminal(...lines)
      log(lines)
    }
    const context = await prepare(environment, { log, print, say })
    machine = context.machine
    const { exitCode } = await before(context.config.limits.hookMinutes * 60, beats(context), overdue)
    // Between the two hooks of a run the login to a client stays.
    if (phase === 'post' || exitCode === hookExitCode('pre', 'halt')) await machine?.close()
    return exitCode
  } catch (error) {
    await machine?.close()
    if (!(error instanceof OperationalError)) {
      process.stderr.write(`lbackup-filevault: a bug of ours: ${(error as Error).stack ?? String(error)}\n`)
      return bug
    }
    lastWords({ loudness: 'error', text: `${error.message} ${error.cure} ${consequence[phase]}` }, error, log)
    return hookExitCode(phase, 'halt')
  }
}

/** The log itself may be what cannot be written; and an orphan's line could spoil the backup of the next LBackup. */
function lastWords(line: ReportLine, error: OperationalError, log: RunContext['log']): void {
  terminal(line)
  if (error.code === orphaned) return
  try {
    log([line])
  } catch (unwritten) {
    if (!(unwritten instanceof OperationalError)) throw unwritten
    if (unwritten.message !== error.message) terminal({ loudness: 'error', text: unwritten.message })
  }
}

function terminal(...lines: readonly ReportLine[]): void {
  for (const { loudness, text } of lines) process.stdout.write(`lbackup-filevault: ${shout(loudness)}${text}\n`)
}

function print(text: string): void {
  process.stdout.write(text)
}

/** The bytes of our environment, where the system shows them. */
function environ(): RawPath | undefined {
  const answer = readKernelFile('/proc/self/environ')
  return typeof answer === 'string' ? undefined : (answer.text as RawPath)
}

const overdue = (): OperationalError =>
  new OperationalError(
    'hook-overdue',
    'The hook took longer than limits.hookMinutes allows.',
    'Look for a slow or hanging disk; raise limits.hookMinutes in filevault.json where the time is needed.',
  )
