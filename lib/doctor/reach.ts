import type { HookEnvironment } from '../generated/status.js'
import type { Platform } from '../system/system.js'
import { count } from '../text/measure.js'
import { found, type DoctorFinding } from './found.js'

const shown = 5

/**
 * Given what the hook itself could do at its last run (undefined: no run yet) and the kind of machine, return what it
 * could not read. A terminal may have rights that a hook has not: only the hook can tell.
 */
export function reachFindings(environment: HookEnvironment | undefined, platform: Platform): DoctorFinding[] {
  if (environment === undefined) {
    return [
      found(
        'no-run-yet',
        'info',
        'No run of the hooks is known yet, so what they may read from within LBackup is not known either.',
        'Run this again after the first backup.',
      ),
    ]
  }
  const { unreadable, node, at } = environment
  if (unreadable.length === 0) return []
  const more = unreadable.length > shown ? ` And ${count(unreadable.length - shown, 'more place')}.` : ''
  const cure =
    platform === 'macos'
      ? `In System Settings, Privacy & Security, give Full Disk Access to ${node} and to whatever starts LBackup (cron, or the shell that launchd starts).`
      : 'Run LBackup as root, and see that the volume lets root read.'
  return [
    found(
      'hook-cannot-read',
      'warning',
      `At its last run (${at}) the hook could not read: ${unreadable.slice(0, shown).join(' ')}${more}`,
      cure,
    ),
  ]
}
