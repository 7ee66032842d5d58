import { isYes, setting, type Configuration } from '../lbackup/configuration.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { found, type DoctorFinding } from './found.js'

/** Given LBackup's configuration, return what its settings do to a run with disk images. */
export function settingFindings(configuration: Configuration): DoctorFinding[] {
  return [
    ...unlessYes(configuration, 'post_actions_on_backup_error', (cure) =>
      found(
        'post-actions-off',
        'warning',
        'After a backup that failed LBackup runs no post action, so nobody looks at what it left until the next night.',
        cure,
      ),
    ),
    ...unlessYes(configuration, 'ignore_rsync_vanished_files', (cure) =>
      found(
        'vanished-files-fatal',
        'error',
        "One user who logs in or out while rsync runs moves his image, and the whole night's backup fails for everybody.",
        cure,
      ),
    ),
    ...checksum(configuration),
  ]
}

function unlessYes(configuration: Configuration, name: string, make: (cure: string) => DoctorFinding): DoctorFinding[] {
  const yes = isYes(configuration, name)
  if (yes === true) return []
  if (yes === false) return [make(`Write into LBackup's configuration: ${name}="YES"`)]
  return [unreadable(configuration, name)]
}

/** LBackup compares times with a window of 20 s (its `--modify-window=20`). */
function checksum(configuration: Configuration): DoctorFinding[] {
  if (isYes(configuration, 'checksum_enabled') !== false) return []
  return [
    found(
      'checksum-off',
      'info',
      'LBackup takes a band for unchanged if its size is the same and its time differs by at most 20 s: a change within 20 s of the last copy is missed until the band changes again.',
      'Write checksum_enabled="YES" into LBackup\'s configuration where reading everything each night is affordable.',
    ),
  ]
}

/** Given a configuration and a setting that cannot be known, return that as a finding with the line. */
export function unreadable(configuration: Configuration, name: string): DoctorFinding {
  const it = setting(configuration, name)
  const where = it !== undefined && 'unreadable' in it ? ` (line ${String(it.unreadable)}: ${it.text})` : ''
  return found(
    'setting-unreadable',
    'warning',
    `Whether ${name} is YES cannot be told: LBackup's configuration sets it by something else than a plain assignment${where}.`,
    `Write ${name}="…" on a line of its own, after that line.`,
  )
}

/** What stands at the path of an override script. */
export type Standing = 'absent' | 'program' | 'other'

/**
 * Given LBackup's configuration and a way to look at a path, return what replaces our hooks: with
 * `backup_pre_action_script` LBackup runs that script instead of the files in `pre-actions`, and nothing at all where it
 * cannot be run.
 */
export function overrideFindings(configuration: Configuration, look: (path: RawPath) => Standing): DoctorFinding[] {
  return (['pre', 'post'] as const).flatMap((phase) => {
    const name = `backup_${phase}_action_script`
    const it = setting(configuration, name)
    if (it === undefined) return []
    if (!('value' in it)) return [unreadable(configuration, name)]
    if (it.value === '' || look(it.value) === 'absent') return []
    const instead =
      look(it.value) === 'program'
        ? `LBackup runs ${printable(it.value)} instead of`
        : `LBackup runs nothing (${printable(it.value)} is empty or cannot be run), not even`
    return [
      found(
        'hooks-overridden',
        'error',
        `${instead} the files in ${phase}-actions, our hook among them, because its configuration sets ${name}.`,
        `Remove ${name} from line ${String(it.line)} and put that script into ${phase}-actions, or let it start our hook.`,
      ),
    ]
  })
}
