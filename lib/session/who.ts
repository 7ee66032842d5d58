import type { Buffer } from 'node:buffer'
import { printable } from '../text/printable.js'
import { fromBytes, type RawPath } from '../text/raw-path.js'
import type { Session } from './session.js'

/**
 * Given the output of `who`, return the sessions: `bob  console  Nov 22 10:00` on macOS, `bob  pts/0  2026-11-22 10:00
 * (192.0.2.7)` on Linux. A place in brackets that is no display (`:0`) is another machine.
 */
export function parseWho(output: Buffer): Session[] {
  return fromBytes(output)
    .split('\n')
    .flatMap((line) => {
      const [user, terminal] = line.trim().split(/ +/u)
      if (user === undefined || user === '' || terminal === undefined) return []
      const from = /\(([^()]*)\)$/u.exec(line.trim())?.[1]
      const remote = from !== undefined && from !== '' && !/^(:|tty|login screen)/u.test(from)
      const where = remote ? 'remote' : isConsole(terminal) ? 'console' : 'terminal'
      return [{ user: printable(user as RawPath), where, source: 'who' } as const]
    })
}

/** `console` on macOS; a screen of its own or a virtual terminal on Linux. `ttys000` is a window on macOS. */
const isConsole = (terminal: string): boolean => /^(console|:\d+|seat\d+|tty\d+)$/u.test(terminal)
