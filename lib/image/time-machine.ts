import { OperationalError } from '../finding/operational-error.js'
import { isDictionary, parsePlist, plistInteger } from './plist.js'
import type { PlistDictionary, PlistValue } from './plist-value.js'
import type { SmallFile } from './small-file.js'
import type { RawPath } from '../text/raw-path.js'

/** Where Time Machine keeps the list of its backups in a bundle. */
export const snapshotHistory = 'com.apple.TimeMachine.SnapshotHistory.plist' as RawPath

/** What Time Machine says of a bundle of its own. Times in milliseconds since 1970. */
export interface TimeMachine {
  /** 2: it found the bundle damaged and asks for a new backup. 0 and 1 are seen on bundles that it uses. */
  readonly state?: number
  readonly checked?: number
  readonly backups?: number
  readonly newestBackup?: number
}

/**
 * Given Time Machine's own property lists as they were found, return what they say; undefined where the bundle has none
 * that can be read. Names of the keys after repair instructions for network disks; their meanings are assumed.
 */
export function readTimeMachine(machineId: SmallFile, history: SmallFile): TimeMachine | undefined {
  const [own, past] = [dictionaryIn(machineId), dictionaryIn(history)]
  if (own === undefined && past === undefined) return undefined
  const state = plistInteger(own?.['VerificationState'])
  const checked = timeOf(own?.['VerificationDate'])
  const snapshots = past?.['Snapshots']
  const backups = Array.isArray(snapshots) ? (snapshots as readonly PlistValue[]).filter(isDictionary) : undefined
  const times = backups?.map((one) => timeOf(one['com.apple.backupd.SnapshotCompletionDate']) ?? -Infinity) ?? []
  const newest = times.reduce((most, time) => Math.max(most, time), -Infinity)
  return {
    ...(state === undefined ? {} : { state: Number(state) }),
    ...(checked === undefined ? {} : { checked }),
    ...(backups === undefined ? {} : { backups: backups.length }),
    ...(newest === -Infinity ? {} : { newestBackup: newest }),
  }
}

function dictionaryIn(file: SmallFile): PlistDictionary | undefined {
  if (file.state !== 'read') return undefined
  try {
    const value = parsePlist(file.bytes)
    return isDictionary(value) ? value : undefined
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return undefined
  }
}

function timeOf(value: PlistValue | undefined): number | undefined {
  const time = value instanceof Date ? value.getTime() : NaN
  return Number.isNaN(time) ? undefined : time
}
