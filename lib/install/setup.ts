import { Buffer } from 'node:buffer'
import { configFileBeside } from '../config/load.js'
import { OperationalError } from '../finding/operational-error.js'
import { readConfiguration, type Configuration } from '../lbackup/configuration.js'
import { readFileBounded } from '../system/file.js'
import { printable } from '../text/printable.js'
import { parent, toBytes, type RawPath } from '../text/raw-path.js'

/** An LBackup configuration as it stands on the disk, while LBackup does not run. */
export interface Setup {
  /** Absolute, as named. */
  readonly configurationFile: RawPath
  /** The folder of the file a linked configuration leads to: excludes, log, lock and actions are there. */
  readonly configurationFolder: RawPath
  readonly configuration: Configuration
}

const mostBytes = 4 * 1024 * 1024

/**
 * Given the absolute path of LBackup's configuration file, read it without running anything of it. Throws
 * OperationalError where it is missing or cannot be read.
 */
export function readSetup(configurationFile: RawPath): Setup {
  return {
    configurationFile,
    configurationFolder: parent(configFileBeside(configurationFile)),
    configuration: readConfiguration(readFileBounded(configurationFile, mostBytes).bytes),
  }
}

/** Given a path, tell whether it is UTF-8, so that a program can be given it as an argument. */
export const isUtf8 = (path: RawPath): boolean =>
  Buffer.from(toBytes(path).toString('utf8'), 'utf8').equals(toBytes(path))

/** Given a path, return it as the text a program can be given. Throws OperationalError where it is no UTF-8. */
export function pathText(path: RawPath): string {
  if (isUtf8(path)) return toBytes(path).toString('utf8')
  throw new OperationalError(
    'path-not-utf8',
    `The name ${printable(path)} is not UTF-8; no program can be started with it from here.`,
    'Rename that folder.',
  )
}
