import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Context } from 'mocha'
import { skip } from '../skip.js'

/** A system call of the hook's main thread that changes something outside of the process. */
export interface Step {
  readonly call: string
  /** The how manieth of this name in the process. Of `write` it may differ from run to run. */
  readonly count: number
  /** The how manieth of this name on this path. */
  readonly occurrence: number
  /** The first path, below the lab, with what differs from run to run replaced: `PID`, `RANDOM`, `NUMBER`, `SCRATCH`, `HELD`, `RUN`. */
  readonly path: string
}

/** The calls that change files. `openat` is not among them: before it, the disk is as it was after the step before. */
const calls = ['rename', 'unlink', 'mkdir', 'rmdir', 'link', 'fsync', 'fchmod', 'fchown', 'write'] as const

/** Skips the running test where strace cannot be used. */
export function needStrace(context: Context): void {
  try {
    execFileSync('strace', ['-qq', '-o', '/dev/null', '/bin/true'], { stdio: 'ignore' })
  } catch {
    skip(context, 'strace is not installed or may not be used here')
  }
}

/** Given a file for the trace, return lines for a stand-in that only record the steps. */
export const recording = (file: string): string => strace(file, '')

/** Given a file for the trace and a step, return lines for a stand-in that kill the hook when it is about to do it. */
export const killing = (file: string, step: Step): string =>
  strace(file, `-e inject=${step.call}:signal=SIGKILL:when=${String(step.count)}`)

/** As `killing`; the launcher dies right after it. */
export const killingBoth = (file: string, step: Step): string =>
  `${killing(file, step).replace('exec ', '')}\nkill -KILL "$PPID" "$$"`

/** Given a file for the trace, a step and the system's word for an error, return lines that let the step fail. */
export const failing = (file: string, step: Step, error: string): string =>
  strace(file, `-e inject=${step.call}:error=${error}:when=${String(step.count)}`)

// Without -f: the main thread alone, so that the counts are those of the hook's own steps.
function strace(file: string, inject: string): string {
  return `exec strace -qq -y -s 0 -o '${file}' -e trace=${calls.join(',')},openat ${inject} "$node" "$@"`
}

/** Given a recorded trace and the lab's folder, return its steps in order. */
export function stepsIn(file: string, folder: string): Step[] {
  return linesIn(file, folder).filter(({ call, path, failed }) => {
    // Node writes into pipes of its own all the time.
    return !failed && calls.some((name) => name === call) && path.startsWith('/')
  })
}

/** Whether two steps are the same one of two runs. */
export const isSame = (one: Step, other: Step): boolean =>
  one.call === other.call && one.path === other.path && one.occurrence === other.occurrence

/** Given the trace of a hook that was to be killed and the lab's folder, return where it was; undefined: it was not. */
export const killedAt = (file: string, folder: string): Step | undefined => {
  const last = linesIn(file, folder).at(-1)
  return last?.unfinished === true ? last : undefined
}

/**
 * Given the trace of a hook that was to be killed at a step but was not, and the lab's folder, return the step as it should
 * be aimed at next time: Node writes to itself now and then, which shifts the count.
 */
export const aimedAgain = (file: string, folder: string, step: Step): Step =>
  linesIn(file, folder).findLast((line) => isSame(line, step)) ?? { ...step, count: step.count + 1 }

interface Line extends Step {
  readonly failed: boolean
  readonly unfinished: boolean
}

function linesIn(file: string, folder: string): Line[] {
  const counts = new Map<string, number>()
  return readFileSync(file, 'latin1')
    .split('\n')
    .flatMap((line) => {
      const [, call, rest = ''] = /^(\w+)\((.*)$/.exec(line) ?? []
      if (call === undefined) return []
      const count = (counts.get(call) ?? 0) + 1
      counts.set(call, count)
      const path = place(rest).replace(folder, '')
      const occurrence = (counts.get(`${call} ${path}`) ?? 0) + 1
      counts.set(`${call} ${path}`, occurrence)
      return [{ call, count, occurrence, path, failed: / = -1 E/.test(rest), unfinished: rest.endsWith(' = ?') }]
    })
}

/** The first full path among a call's arguments: quoted, or the one that strace puts behind a descriptor. */
function place(args: string): string {
  const [, quoted, behind] = /^(?:AT_FDCWD<[^>]*>, )?(?:"[^"/][^"]*", )?(?:"([^"]*)"|\d+<([^>]*)>)/.exec(args) ?? []
  return (quoted ?? behind ?? '')
    .replace(/\.\d+\.[0-9a-f]{12}\.new$/, '.PID.RANDOM.new')
    .replace(/\.\d+\.new$/, '.PID.new')
    .replace(/\/lock\/(\.?)\d+(?=$|\.PID)/, '/lock/$1NUMBER')
    .replace(/\/lbackup-filevault-\w{6}(?=\/|$)/, '/SCRATCH')
    .replace(/^\/proc\/\d+\/fd\/\d+(?=\/)/, '/HELD')
    .replace(/\d{8}t\d{6}z-[0-9a-f]{8}/, 'RUN')
}
