import type { Client } from './client-type.js'

/**
 * The options of every call: never a question, never a wait without an end, and where a socket can be kept one login
 * for all calls of a run. `-T`: no terminal. All else is ssh's own configuration, as for LBackup's rsync.
 */
export const sshArguments = ({ control }: Pick<Client, 'control'>): string[] =>
  optionsWith(control === undefined ? ['ControlPath=none'] : [...joining(control), ...keeping])

/** As `sshArguments`, for a call that joins the login of a run where there is one, and never keeps one for others. */
export const joiningArguments = ({ control }: Pick<Client, 'control'>): string[] =>
  optionsWith(control === undefined ? ['ControlPath=none'] : [...joining(control), 'ControlMaster=no'])

function optionsWith(more: readonly string[]): string[] {
  const options = ['BatchMode=yes', 'ConnectTimeout=30', 'ServerAliveInterval=15', 'ServerAliveCountMax=4', ...more]
  return ['-T', ...options.flatMap((option) => ['-o', option])]
}

// A backup may take hours between its two hooks; a login that nobody ends is over then.
const keptHours = 12

const keeping = ['ControlMaster=auto', `ControlPersist=${String(keptHours)}h`]

// ssh expands % in it.
const joining = (control: string): string[] => [`ControlPath="${control.replaceAll('%', '%%')}"`]

/** What ssh needs of the environment; keys and configuration are found by HOME. */
export function sshEnvironment(): Record<string, string> {
  const names = ['HOME', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK', 'RSYNC_PROTECT_ARGS'] as const
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
}
