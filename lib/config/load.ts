import { OperationalError } from '../finding/operational-error.js'
import type { Config } from '../generated/config.js'
import { readFileIfPresent, realPath } from '../system/file.js'
import { size } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { join, parent, type RawPath } from '../text/raw-path.js'
import { fillDefaults, type Origin } from './defaults.js'
import { writableByOthers } from './ownership.js'
import { ConfigError, type ConfigProblem } from './problem.js'
import { readConfig, type Place } from './read.js'

/** The configuration as the hooks use it. */
export interface LoadedConfig {
  readonly file: RawPath
  /** false: there is no such file, and everything is at its default. */
  readonly present: boolean
  readonly config: Config
  /** Where each value comes from, by its path: `limits.hookMinutes`, `policies[0].when`. */
  readonly origins: ReadonlyMap<string, Origin>
  readonly warnings: readonly ConfigProblem[]
  /** Where in the file a setting stands. */
  readonly place: Place
}

const mostBytes = 1024 * 1024

/**
 * Given the path of LBackup's configuration file, return where our own lies: `filevault.json` in the folder of its real
 * path. Throws OperationalError `file-missing` where there is none.
 */
export function configFileBeside(lbackupConfiguration: RawPath): RawPath {
  const real = realPath(lbackupConfiguration)
  if (real !== undefined) return join(parent(real), 'filevault.json')
  throw new OperationalError(
    'file-missing',
    `${printable(lbackupConfiguration)}, the configuration file of LBackup, is not there.`,
    'Name the file that is handed to LBackup, with its whole path.',
  )
}

/**
 * Given the path of a `filevault.json`, return the configuration with all defaults filled in; an absent file means all
 * defaults. Throws ConfigError (code `config-invalid`), which lists everything that is wrong, also where others may
 * change the file; OperationalError where it cannot be read. Whether the programs are there: `checkTools`.
 */
export function loadConfig(file: RawPath): LoadedConfig {
  const read = readBounded(file)
  if (read === undefined) return { file, present: false, ...fillDefaults({}), warnings: [], place: () => ({}) }
  const { bytes, stats } = read
  const weak = writableByOthers(file, stats)
  const { problems, filled, place } = readConfig(bytes)
  const all =
    weak === undefined ? problems : [{ severity: 'error', path: '', message: `${weak}.` } as const, ...problems]
  if (weak !== undefined || filled === undefined) throw new ConfigError(printable(file), all)
  return { file, present: true, ...filled, warnings: all, place }
}

function readBounded(file: RawPath): ReturnType<typeof readFileIfPresent> {
  try {
    return readFileIfPresent(file, mostBytes)
  } catch (error) {
    if (!(error instanceof OperationalError) || error.code !== 'file-too-large') throw error
    const message = `the file is larger than ${size(mostBytes)}: this is no configuration.`
    throw new ConfigError(printable(file), [{ severity: 'error', path: '', message }], { cause: error })
  }
}
