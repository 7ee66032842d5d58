import { spawn } from 'node:child_process'
import { lineReader } from '../text/lines.js'
import { toBytes, type RawPath } from '../text/raw-path.js'
import { ownEnvironment } from './background.js'

/** Two programs of ours say nothing longer to each other, in characters. */
export const longestLine = 1024 * 1024

/** A program of ours at the other end of two pipes. It sees our end by the end of its input, whatever ended us. */
export interface Piped {
  /** Sends a line; to a program that is gone, nothing. */
  send(line: string): void
  /** Ends its input. */
  end(): void
  alive(): boolean
}

/** Given one of our programs, start it in a session of its own, and hand on what it says, line by line, and its end. */
export function startPiped(program: RawPath, onLine: (line: string) => void, onEnd: () => void): Piped {
  const child = spawn(process.execPath, [toBytes(program).toString('utf8')], {
    cwd: '/',
    detached: true,
    env: ownEnvironment,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  let alive = true
  const ended = (): void => {
    if (!alive) return
    alive = false
    onEnd()
  }
  child.on('error', ended)
  child.on('exit', ended)
  child.stdin.on('error', ended)
  child.stdout.setEncoding('utf8').on('data', lineReader(longestLine, onLine))
  // Nobody waits for it.
  child.unref()
  return {
    send: (line) => void (alive && child.stdin.write(`${line}\n`)),
    end: () => void child.stdin.end(),
    alive: () => alive,
  }
}
