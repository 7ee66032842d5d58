import type { Config } from '../generated/config.js'
import { found, type DoctorFinding } from './found.js'

/** Given our settings and the command for a timer, say where nobody would hear of an `ERROR!`. */
export function channelFindings({ report }: Pick<Config, 'report'>, alarmCommand: string): DoctorFinding[] {
  if (report.command.length > 0) return []
  return [
    found(
      'channel-missing',
      'warning',
      'LBackup mails only when it fails itself: a copy found bad after a backup that succeeded reaches nobody.',
      `Set report.command in filevault.json to a program that mails its standard input, or run from a timer whose mail you read: ${alarmCommand}`,
    ),
  ]
}
