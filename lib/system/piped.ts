import { spawn } from 'node:child_process'
import { toBytes, type RawPath } from '../text/raw-path.js'
import { ownEnvironment } from './background.js'

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
  child.stdout.on('data', lines(onLine))
  // Nobody waits for it.
  child.unref()
  return {
    send: (line) => void (alive && child.stdin.write(`${line}\n`)),
    end: () => void child.stdin.end(),
    alive: () => alive,
  }
}

/** Given what takes a line, return what takes pieces of text in which lines may be cut. */
export function lines(onLine: (line: string) => void): (piece: Buffer | string) => void {
  let begun = ''
  return (piece) => {
    const parts = (begun + piece.toString()).split('\n')
    begun = parts.pop() ?? ''
    parts.forEach(onLine)
  }
}
