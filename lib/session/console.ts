import type { Buffer } from 'node:buffer'
import { printable } from '../text/printable.js'
import { fromBytes, type RawPath } from '../text/raw-path.js'

// Who owns the console while the login window is shown, and the assistant that sets up a new Mac.
const nobody = new Set(['', 'root', 'loginwindow', '_mbsetupuser'])

/** Given the output of `stat -f %Su /dev/console`, return the user at the console, if any. */
export function parseConsoleOwner(output: Buffer): string | undefined {
  const name = fromBytes(output).trim()
  return nobody.has(name) ? undefined : printable(name as RawPath)
}

/**
 * Given the output of `show State:/Users/ConsoleUser` in scutil, return the users of all graphical sessions: `Name` is
 * at the console, `kCGSSessionUserNameKey` names those switched away from too. `No such key` means nobody.
 */
export function parseScutil(output: Buffer): string[] {
  const names = [...fromBytes(output).matchAll(/^\s*(?:Name|kCGSSessionUserNameKey) : (.*)$/gmu)].map(
    ([, name]) => (name as string).trim() as RawPath,
  )
  return [...new Set(names)].filter((name) => !nobody.has(name)).map(printable)
}
