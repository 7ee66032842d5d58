import type { BackupSource } from '../lbackup/backup-source.js'
import { printable } from '../text/printable.js'
import { isWithin, type RawPath } from '../text/raw-path.js'
import { found, type DoctorFinding } from './found.js'

/** Given LBackup's configuration folder and whether this is a Debian, return what is wrong with the place. */
export function folderFindings(configurationFolder: RawPath, debian: boolean): DoctorFinding[] {
  const shown = printable(configurationFolder)
  const blank = /\s/.test(configurationFolder)
    ? [
        found(
          'configuration-folder-blank',
          'error',
          `The path of LBackup's configuration, ${shown}, has a blank: LBackup runs its hooks and then stops.`,
          'Move the configuration to a folder without blanks.',
        ),
      ]
    : []
  const doomed =
    debian && isWithin(configurationFolder, '/etc/lbackup' as RawPath)
      ? [
          found(
            'configuration-folder-doomed',
            'warning',
            `LBackup's Debian package removes /etc/lbackup at its next update, and ${shown} with its hooks along with it.`,
            'Move the configuration elsewhere (/srv/lbackup, say) and install there.',
          ),
        ]
      : []
  return [...blank, ...doomed]
}

/** What stands at the path of a local source. */
export interface SourceLook {
  readonly source: BackupSource
  readonly stands: 'folder' | 'link' | 'file' | 'absent'
}

/** Given a look at the source on this machine, return what rsync would make of it. */
export function sourceFindings({ source, stands }: SourceLook): DoctorFinding[] {
  const shown = printable(source.asWritten)
  if (stands === 'link' && !source.trailingSlash) {
    return [
      found(
        'source-is-link',
        'error',
        `LBackup's backupSource ${shown} is a symbolic link: Section.0 would become a link to the live files, and our hook halts the backup for that.`,
        'Write the real path into backupSource. A slash at its end does not help: all sections would then share the live files.',
      ),
    ]
  }
  if (stands === 'link') {
    return [
      found(
        'source-is-link',
        'warning',
        `LBackup's backupSource ${shown} leads through a symbolic link, which may lead elsewhere tomorrow.`,
        'Write the real path into backupSource.',
      ),
    ]
  }
  if (stands !== 'absent') return []
  return [
    found(
      'source-missing',
      'error',
      `LBackup's backupSource ${shown} is not there.`,
      'Correct backupSource; if a pre action mounts it at night, mount it and run this again.',
    ),
  ]
}
