import { createHash } from 'node:crypto'
import { OperationalError } from '../finding/operational-error.js'
import { makeFolder, realPath } from '../system/file.js'
import type { Platform } from '../system/system.js'
import { printable } from '../text/printable.js'
import { fromText, join, parent, toBytes, type RawPath } from '../text/raw-path.js'
import { openOwnFolder } from './own-folder.js'

/** What decides where our state lies. */
export interface StateFolderFacts {
  /** LBackup's configuration file; links are followed. */
  readonly configurationFile: RawPath
  readonly platform: Platform
  readonly root: boolean
  /** HOME and XDG_STATE_HOME are used where we are not root. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Given a real path, return the 16 hexadecimal digits by which the state of that configuration is known. */
export const stateId = (realConfigurationFile: RawPath): string =>
  createHash('sha256').update(toBytes(realConfigurationFile)).digest('hex').slice(0, 16)

/**
 * Given whose state it is, return where it lies; nothing is made. Throws OperationalError where the configuration file
 * is missing or, not being root, no home folder is known.
 */
export function stateFolderPath(facts: StateFolderFacts): RawPath {
  const real = realPath(facts.configurationFile)
  if (real === undefined) {
    throw new OperationalError(
      'lbackup-configuration-missing',
      `LBackup's configuration file ${printable(facts.configurationFile)} is not there.`,
      'Name the file that is given to lbackup.',
    )
  }
  return join(stateHome(facts), 'lbackup-filevault', stateId(real))
}

/** Given the path of the state folder, make it and the folders above it where missing, and refuse an unsafe one. */
export function openStateFolder(path: RawPath): void {
  const ours = parent(path)
  makeFolder(parent(ours), 0o755)
  openOwnFolder(ours)
  openOwnFolder(path)
}

function stateHome({ platform, root, environment }: StateFolderFacts): RawPath {
  if (root) return (platform === 'macos' ? '/Library/Application Support' : '/var/lib') as RawPath
  const { XDG_STATE_HOME: state, HOME: home } = environment
  // A relative one is to be ignored (XDG Base Directory Specification).
  if (state?.startsWith('/') === true) return fromText(state)
  if (home?.startsWith('/') === true) return join(fromText(home), '.local/state')
  throw new OperationalError(
    'state-folder-unknown',
    'Neither XDG_STATE_HOME nor HOME names a folder for our state.',
    'Run as root, or set HOME.',
  )
}
