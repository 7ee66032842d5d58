import { Buffer } from 'node:buffer'
import { defaultTools, type System, type Tools } from '../system/system.js'
import type { ClientLook } from './look-type.js'

/**
 * Given what a client told, return a system whose programs answer as those of the client did: what is asked of a Mac here
 * is asked of one there by the same code. A program that the client did not run cannot be started.
 */
export function recordedSystem(look: ClientLook): System {
  return {
    platform: look.platform,
    tools: defaultTools,
    now: () => new Date(look.clock * 1000),
    tool: (name, args) => {
      const told = look.tools.get(answerOf(name, args))
      return Promise.resolve({
        file: `${name} of the client`,
        args,
        exitCode: told?.exit,
        signal: undefined,
        timedOut: false,
        tooMuchOutput: false,
        startError: told?.exit === undefined ? 'the client did not run it' : undefined,
        stdout: told?.output ?? Buffer.alloc(0),
        stderr: Buffer.alloc(0),
      })
    },
  }
}

/** The name under which the client tells what a program printed. */
function answerOf(name: keyof Tools, args: readonly string[]): string {
  if (name === 'stat') return 'console'
  return name === 'dscl' && args.includes('-list') ? 'users' : name
}
