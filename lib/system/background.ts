import { spawn } from 'node:child_process'
import { toBytes, type RawPath } from '../text/raw-path.js'

/** All of the environment that our programs get. */
export const ownEnvironment = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' }

/**
 * Given one of our programs and its arguments, start it in a session of its own that outlives us, with no way to our
 * input or output: whoever waits for their end must not wait for it. Nothing of our environment is handed on.
 */
export function startInBackground(program: RawPath, args: readonly string[]): void {
  const words = [toBytes(program).toString('utf8'), ...args]
  const child = spawn(process.execPath, words, { cwd: '/', detached: true, env: ownEnvironment, stdio: 'ignore' })
  // That it could not start shows in what it never writes.
  child.on('error', () => undefined)
  child.unref()
}

/** Given a process, send it a signal; one that is gone is fine. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
