import { appendText, realPath } from '../system/file.js'
import type { HookEnvironment } from './environment.js'
import type { Ending } from './exit-codes.js'

/** One line for LBackup's log. */
export interface LogLine {
  readonly severity: Ending
  readonly text: string
}

const prefix = 'lbackup-filevault: '
const maxLength = 2000

// LBackup's mail calls a log bad for these words and nothing else.
const alarm: Record<Ending, string> = { fine: '', warning: 'WARNING! ', error: 'ERROR! ', halt: 'ERROR! ' }

/** Given a line for LBackup's log, return it ready to be written: one line, no control characters, with the alarm word. */
export function logLine({ severity, text }: LogLine): string {
  // A user could name an image so that every night looks like an alarm, or break the line and write one of his own.
  const calm = text.replace(/ERROR!|WARNING!/g, (word) => word.replace('!', ' !')).replace(unsafe, escaped)
  const short = calm.length > maxLength ? `${calm.slice(0, maxLength)}…` : calm
  return `${prefix}${alarm[severity]}${short}\n`
}

/**
 * Given what LBackup told the hook and lines, append them to LBackup's log in one write. Only within a hook: one
 * line written while rsync runs can turn a good backup into a failed one, which is why the hook's environment is asked
 * for. Throws OperationalError where the log cannot be written or is no regular file.
 */
export function writeLog({ logFile }: Pick<HookEnvironment, 'phase' | 'logFile'>, lines: readonly LogLine[]): void {
  if (lines.length === 0) return
  // An administrator may keep his log elsewhere and link to it, as LBackup allows.
  appendText(realPath(logFile) ?? logFile, lines.map(logLine).join(''))
}

// eslint-disable-next-line no-control-regex
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu
const escaped = (character: string): string =>
  [...new TextEncoder().encode(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
