import { spawn } from 'node:child_process'
import { minimalEnvironment, type Command } from './process.js'

/** A program that goes on while we listen to it; it ends when its input is closed. */
export interface Conversation {
  /** Closes its input. */
  close(): void
  /** Ends it at once. */
  cut(): void
  /** Resolves when it has ended and all it printed was heard, or could not be started. */
  readonly over: Promise<void>
}

/**
 * Given a program and who hears what it prints, start it with an input that stays open. It has no time limit: whoever
 * starts it ends it. Its errors are not heard.
 */
export function converse(
  { file, args, env }: Pick<Command, 'file' | 'args' | 'env'>,
  hear: (bytes: Buffer) => void,
): Conversation {
  const child = spawn(file, args, {
    cwd: '/',
    env: { ...minimalEnvironment, ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  // A program that is gone takes no input.
  child.stdin.on('error', () => undefined)
  child.stdout.on('data', hear)
  return {
    close: () => void child.stdin.end(),
    cut() {
      child.stdout.destroy()
      child.kill('SIGKILL')
    },
    over: new Promise((resolve) => {
      child.once('error', () => resolve())
      child.once('close', () => resolve())
    }),
  }
}
