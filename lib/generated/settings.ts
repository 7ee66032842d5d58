// Made from schemas/settings.schema.json by npm run generate.

/**
 * What config show and config validate print with --json.
 */
export interface SettingsReport {
  /**
   * Name and version of this format.
   */
  readonly schema: 'settings/1'
  /**
   * The configuration file's path as printed in messages.
   */
  readonly file: string
  /**
   * false: there is no such file, and everything is at its default.
   */
  readonly present: boolean
  /**
   * Every setting with the value that holds; empty where the file cannot be understood.
   */
  readonly settings: readonly SettingReport[]
  /**
   * Everything that is wrong or doubtful; with an error among them the configuration cannot be used.
   */
  readonly problems: readonly ProblemReport[]
}
/**
 * One setting.
 */
export interface SettingReport {
  /**
   * Where it stands.
   */
  readonly path: string
  /**
   * The value that holds.
   */
  readonly value: string | number | boolean | readonly string[]
  /**
   * file: the configuration file says so. default: it says nothing.
   */
  readonly origin: 'file' | 'default'
}
/**
 * Something wrong or doubtful.
 */
export interface ProblemReport {
  /**
   * error: the configuration cannot be used. warning: it can.
   */
  readonly severity: 'error' | 'warning'
  /**
   * Line in the file, from 1.
   */
  readonly line?: number
  /**
   * Column in the line, from 1.
   */
  readonly column?: number
  /**
   * The setting; empty for the file as a whole.
   */
  readonly path: string
  /**
   * What is wrong, and what is allowed.
   */
  readonly message: string
}
