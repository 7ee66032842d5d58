import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Context } from 'mocha'
import { skip } from '../skip.js'

/** A system call of the hook's main thread that changes something outside of the process. */
export interface Step {
  readonly call: string
  /** The how manieth of this name in the process. Of `write` and `openat` it may differ from run to run. */
  readonly count: number
  /** The first path, with what differs from run to run replaced: `PID`, `RANDOM`, `SCRATCH`. */
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

/** Given a file for the trace, a step and the system's word for an error, let the step and all like it fail. */
export const failing = (file: string, step: Step, error: string, onlyOnce = true): string =>
  strace(file, `-e inject=${step.call}:error=${error}:when=${String(step.count)}${onlyOnce ? '' : '+'}`)

// Without -f: the main thread alone, so that the counts are those of the hook's own steps.
function strace(file: string, inject: string): string {
  return `exec strace -qq -y -s 0 -o '${file}' -e trace=${calls.join(',')},openat ${inject} "$node" "$@"`
}

/** Given a recorded trace, return its steps in order. */
export function stepsIn(file: string): Step[] {
  return linesIn(file).flatMap(({ call, count, path, failed }) => {
    if (failed || !calls.some((name) => name === call)) return []
    // Node writes into pipes of its own all the time.
    return path.startsWith('/') ? [{ call, count, path }] : []
  })
}

/** Given the trace of a hook that was killed, return the call at which it died. */
export const diedAt = (file: string): Pick<Step, 'call' | 'path'> | undefined => linesIn(file).at(-1)

interface Line extends Step {
  readonly failed: boolean
}

function linesIn(file: string): Line[] {
  const counts = new Map<string, number>()
  return readFileSync(file, 'latin1')
    .split('\n')
    .flatMap((line) => {
      const [, call, rest = ''] = /^(\w+)\((.*)$/.exec(line) ?? []
      if (call === undefined) return []
      const count = (counts.get(call) ?? 0) + 1
      counts.set(call, count)
      return [{ call, count, path: place(rest), failed: / = -1 E/.test(rest) }]
    })
}

/** The first path among a call's arguments: quoted, or the one that strace puts behind a descriptor. */
function place(args: string): string {
  const [, quoted, behind] = /^(?:AT_FDCWD<[^>]*>, )?(?:"([^"]*)"|\d+<([^>]*)>)/.exec(args) ?? []
  return (quoted ?? behind ?? '')
    .replace(/\.\d+\.[0-9a-f]{12}\.new$/, '.PID.RANDOM.new')
    .replace(/\.\d+\.new$/, '.PID.new')
    .replace(/\/lbackup-filevault-\w{6}(?=\/|$)/, '/SCRATCH')
}
