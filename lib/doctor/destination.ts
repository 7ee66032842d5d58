import type { StoreCheck } from '../lbackup/store.js'
import type { VolumeProbe } from '../system/volume-probe.js'
import { list } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { found, type DoctorFinding } from './found.js'

/** Given LBackup's backupDest and what its volume can do, return what backups on it lack. */
export function volumeFindings(backupDest: RawPath, probe: VolumeProbe): DoctorFinding[] {
  const shown = printable(backupDest)
  return [
    ...(probe.hardLinks
      ? []
      : [
          found(
            'destination-without-links',
            'error',
            `The volume of ${shown} has no hard links: every section stores every band again.`,
            'Use a volume with hard links: ext4, xfs, btrfs, APFS or HFS+.',
          ),
        ]),
    ...(probe.rename
      ? []
      : [
          found(
            'destination-without-rename',
            'error',
            `On the volume of ${shown} a file cannot be replaced by renaming another over it; nothing can be written there safely.`,
            'Use another volume.',
          ),
        ]),
    ...coarseTimes(shown, probe.timeStepSeconds),
    ...(probe.keepsOwner === false
      ? [
          found(
            'destination-loses-owners',
            'warning',
            `The volume of ${shown} gives every file the same owner: a restored image belongs to the wrong user.`,
            'On macOS switch off "Ignore ownership on this volume"; over NFS allow no_root_squash.',
          ),
        ]
      : []),
  ]
}

function coarseTimes(shown: string, step: number): DoctorFinding[] {
  if (step < 1) return []
  const often = step === 1 ? 'whole seconds' : `steps of ${String(step)} seconds`
  return [
    found(
      'destination-times-coarse',
      step === 1 ? 'info' : 'warning',
      `The volume of ${shown} keeps times in ${often}: two changes within one step look the same.`,
      step === 1 ? 'Nothing to do; HFS+ is like that.' : 'Use another volume; FAT is like that.',
    ),
  ]
}

/** Given LBackup's backupDest, what came of looking for our store on it and our state folder, return what the next run does. */
export function storeFindings(backupDest: RawPath, { result }: StoreCheck, stateFolder: RawPath): DoctorFinding[] {
  const shown = printable(backupDest)
  const remembered = printable(join(stateFolder, 'store.json'))
  if (result === 'missing') {
    return [
      found(
        'store-missing',
        'error',
        `${shown} does not carry our mark, which it did before: it is not mounted, or is another disk. The next backup is halted.`,
        `Mount the backup disk; if a pre action below 850 mounts it at night, all is well. Only if this is a new disk on purpose, remove ${remembered}.`,
      ),
    ]
  }
  if (result === 'different') {
    return [
      found(
        'store-different',
        'error',
        `${shown} carries the mark of another backup disk than the one known here. The next backup is halted.`,
        `Attach the right disk. Only if this one replaces it on purpose, remove ${remembered}.`,
      ),
    ]
  }
  if (result !== 'adopted') return []
  return [
    found(
      'store-adopted',
      'info',
      `${shown} carries our mark, but no run of this configuration is known here.`,
      'Nothing to do if another configuration or an earlier installation uses the same disk.',
    ),
  ]
}

/** Given LBackup's backupDest, which is not there, say so. */
export const destinationMissing = (backupDest: RawPath): DoctorFinding =>
  found(
    'destination-missing',
    'warning',
    `LBackup's backupDest ${printable(backupDest)} is not there, so it could not be tried.`,
    'Mount it and run this again. If a pre action mounts it at night, its number must be below 850.',
  )

/** Given numbers that are missing among the sections, say what LBackup does about it. */
export function holeFindings(holes: readonly number[]): DoctorFinding[] {
  if (holes.length === 0) return []
  const names = list(holes.slice(0, 5).map((number) => `Section.${String(number)}`))
  return [
    found(
      'section-hole',
      'error',
      `${names} ${holes.length === 1 ? 'is' : 'are'} missing between the other sections: LBackup copies everything and then fails.`,
      'Rename the sections so that their numbers have no hole.',
    ),
  ]
}
