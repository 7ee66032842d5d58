import type { CliContext } from './context.js'
import { usage } from './arguments.js'

export const summary = 'follow images between backups; install, status'

export const help = `usage: lbackup-filevault daemon run --config FILE
       ... daemon install --config FILE [--enable] [--dry-run] [--folder DIR]
       ... daemon uninstall --config FILE [--disable] [--dry-run] [--folder DIR]
       ... daemon status --config FILE [--json]

run follows the images of LBackup's source between backups: logins, logouts,
attach, detach, moves. The next report tells them. It needs root, as LBackup
does, changes no image, and stays silent while LBackup runs.
install writes its unit for systemd or launchd, and a timer for status --alarm;
uninstall removes what install wrote. status tells whether it runs, and what it
saw last.

  --config FILE  LBackup's configuration file
  --enable       start both now and at each start of the machine
  --disable      end both first
  --dry-run      print what would be done, and do nothing
  --folder DIR   where units belong, for another root folder
  --json         print one JSON document (schemas/daemon-status.schema.json)

exit codes: 0 fine, 1 warnings, 2 refused or bad, 3 nothing known, 64 usage
`

/** Given the arguments after `daemon`, do what they ask and return the exit code. Throws OperationalError. */
export async function main([action, ...rest]: string[], context: CliContext): Promise<number> {
  if (action === 'run') return (await import('./daemon-run.js')).main(rest, context)
  if (action === 'install') return (await import('./daemon-install.js')).install(rest, context)
  if (action === 'uninstall') return (await import('./daemon-install.js')).uninstall(rest, context)
  if (action === 'status') return (await import('./daemon-status.js')).main(rest, context)
  throw usage(
    'daemon',
    `daemon takes run, install, uninstall or status${action === undefined ? '' : `, not "${action}"`}.`,
  )
}
