import { readFileSync, readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** The processes whose command line holds a text, living ones only. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && commandLine(name).includes(text))
    .map(Number)
}

/** Returns once there are none such; the limit is the test's. */
export async function noneWith(text: string): Promise<void> {
  while (processesWith(text).length > 0) await pause(50)
}

/** Sends a signal to each of these that is still there. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

/** Stops those whose command line holds a text, with what they start meanwhile, and returns them. */
export function stopAll(text: string): number[] {
  for (;;) {
    const found = processesWith(text)
    if (found.every(isStopped)) return found
    signalAll(found, 'SIGSTOP')
  }
}

/** Also one that has ended. */
function isStopped(pid: number): boolean {
  try {
    // What stands in the parentheses may hold anything; after them comes the state.
    return /^[TZX]/.test(
      readFileSync(`/proc/${String(pid)}/stat`, 'latin1')
        .split(') ')
        .at(-1) ?? '',
    )
  } catch {
    return true
  }
}

/** Empty for a process that has ended, waited for or not. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
