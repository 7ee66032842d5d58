import { OperationalError } from '../finding/operational-error.js'
import { printable } from '../text/printable.js'
import { baseName, fromText, type RawPath, withoutTrailingSlash } from '../text/raw-path.js'
import { backupSource, type BackupSource } from './backup-source.js'
import type { Phase } from './exit-codes.js'

/** What LBackup tells a hook. */
export interface HookEnvironment {
  readonly phase: Phase
  /** As given to LBackup: perhaps relative to its working folder, perhaps a link. */
  readonly configurationFile: RawPath
  /** The folder of the file that a linked configuration leads to: excludes, log, lock and actions are there. */
  readonly configurationFolder: RawPath
  readonly backupSource: BackupSource
  readonly backupDest: RawPath
  readonly logFile: RawPath
  readonly numRotations: number
  /** The source is on another machine: no path of this machine may be taken for it. */
  readonly useSSH: boolean
  /** `user@host` where useSSH is set. */
  readonly sshSource?: string
  /** `excludes_filename`, where LBackup's configuration exports it. */
  readonly excludesName?: RawPath
  /**
   * Post only. `success` does not prove a new Section.0: LBackup says it after a halted run too, and after one stopped
   * by a hole in the section numbers.
   */
  readonly backupStatus?: 'success' | 'failed'
  /** Post only. `failed` after a halt and after a mere warning of any pre hook alike. */
  readonly preActionStatus?: 'success' | 'failed'
}

/**
 * Given a process environment and, where they can be had, the bytes it was made from (`/proc/self/environ`), return
 * what LBackup tells its hook. Node turns bytes that are no UTF-8 into U+FFFD; such a value is taken from the bytes.
 * Throws OperationalError where LBackup did not start us or a value is missing or useless.
 */
export function hookEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  environ?: RawPath,
): HookEnvironment {
  const value = (name: string): RawPath | undefined => exactValue(name, environment[name], environ)
  const need = (name: string): RawPath => value(name) ?? missing(name)
  if (value('backupConfigurationFilePath') === undefined) throw notLBackup()
  const useSSH = value('useSSH') === 'YES'
  const source = backupSource(need('backupSource'))
  if (!useSSH) refuseRelative('backupSource', source.path)
  const backupDest = need('backupDest')
  refuseRelative('backupDest', backupDest)
  const optional = {
    sshSource: useSSH ? need('sshSource') : undefined,
    excludesName: value('excludes_filename'),
    backupStatus: status(value('backup_status')),
    preActionStatus: status(value('pre_backup_script_status')),
  }
  return {
    phase: phase(value('ACTION_DIRECTORY'), optional.backupStatus),
    configurationFile: need('backupConfigurationFilePath'),
    configurationFolder: need('backupConfigurationFolderPath'),
    backupSource: source,
    backupDest: withoutTrailingSlash(backupDest),
    logFile: need('logFile'),
    numRotations: rotations(need('numRotations')),
    useSSH,
    ...(withoutUndefined(optional) as Partial<HookEnvironment>),
  }
}

function exactValue(name: string, text: string | undefined, environ: RawPath | undefined): RawPath | undefined {
  if (text === undefined || text === '') return undefined
  if (!text.includes('\ufffd')) return fromText(text)
  const found = environ?.split('\0').find((entry) => entry.startsWith(`${name}=`))
  if (found !== undefined) return found.slice(name.length + 1) as RawPath
  throw new OperationalError(
    'environment-not-utf8',
    `LBackup's ${name} holds a name that is not UTF-8, and this system does not show its bytes.`,
    'Rename the folder, or reach it through a path that is UTF-8.',
  )
}

/** An override script (backup_pre_action_script) is started without ACTION_DIRECTORY; only post has a backup status. */
function phase(actionDirectory: RawPath | undefined, backupStatus: string | undefined): Phase {
  const name = actionDirectory === undefined ? undefined : baseName(actionDirectory)
  if (name === 'pre-actions') return 'pre'
  if (name === 'post-actions') return 'post'
  if (actionDirectory === undefined) return backupStatus === undefined ? 'pre' : 'post'
  throw new OperationalError(
    'action-folder-unknown',
    `LBackup runs this hook from ${printable(actionDirectory)}, which is neither pre-actions nor post-actions.`,
    'Install the hooks again with lbackup-filevault install.',
  )
}

/** bash reads `08` as 8 here, and so does LBackup. */
function rotations(text: RawPath): number {
  const number = /^[0-9]{1,9}$/.test(text) ? Number.parseInt(text, 10) : 0
  if (number >= 1) return number
  throw new OperationalError(
    'rotations-invalid',
    `LBackup's numRotations is "${printable(text)}", not a whole number from 1 on.`,
    "Correct numRotations in LBackup's configuration.",
  )
}

const status = (text: RawPath | undefined): 'success' | 'failed' | undefined =>
  text === undefined ? undefined : text === 'SUCCESS' ? 'success' : 'failed'

function refuseRelative(name: string, path: RawPath): void {
  if (path.startsWith('/')) return
  throw new OperationalError(
    'path-relative',
    `LBackup's ${name} is "${printable(path)}", which means another folder wherever LBackup is started.`,
    `Write ${name} in LBackup's configuration as a full path that begins with /.`,
  )
}

function missing(name: string): never {
  throw new OperationalError(
    'environment-incomplete',
    `LBackup started this hook without a value for ${name}.`,
    `Set ${name} in LBackup's configuration; this hook knows LBackup 0.9.8r6.`,
  )
}

const notLBackup = (): OperationalError =>
  new OperationalError(
    'not-started-by-lbackup',
    'This is a hook of LBackup, but LBackup did not start it: backupConfigurationFilePath is not set.',
    'Let LBackup run it, or use lbackup-filevault tonight to see what the next backup will do.',
  )

const withoutUndefined = (record: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
