import type { LoadedConfig } from '../config/load.js'
import type { ConfigError } from '../config/problem.js'
import type { Setup } from '../install/setup.js'
import type { Work } from '../run/work.js'
import type { System } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'

/** What the doctor looks at. */
export interface Patient {
  readonly setup: Setup
  /** Our settings; all defaults where they cannot be used. */
  readonly loaded: LoadedConfig
  /** Why our settings cannot be used. */
  readonly configError: ConfigError | undefined
  readonly system: System
  /** Perhaps not made yet. */
  readonly stateFolder: RawPath
  readonly work: Work
  /** Given a verb, returns the command for this configuration, ready to be pasted. */
  readonly command: (verb: string) => string
}
