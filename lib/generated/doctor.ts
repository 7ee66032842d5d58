// Made from schemas/doctor.schema.json by npm run generate.

/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time = string
/**
 * The worst of a run: fine is exit code 0, warning and error are 1, an error of the pre hook is 129.
 */
export type RunSeverity = 'fine' | 'warning' | 'error'
/**
 * A kebab-case noun that never changes its meaning.
 */
export type Code = string

/**
 * What doctor prints with --json: what will go wrong in the next backup, each with its cure.
 */
export interface DoctorReport {
  /**
   * Name and version of this format.
   */
  readonly schema: 'doctor/1'
  readonly configuration: PrintablePath
  readonly at: Time
  readonly severity: RunSeverity
  /**
   * Errors first, then warnings, then notes.
   */
  readonly findings: readonly ReportedFinding[]
}
/**
 * One thing found, about one image or one run.
 */
export interface ReportedFinding {
  readonly code: Code
  /**
   * How bad it is.
   */
  readonly severity: 'error' | 'warning' | 'info'
  /**
   * The member of the image concerned, relative to the image.
   */
  readonly member?: string
  /**
   * One sentence for an administrator.
   */
  readonly message: string
  /**
   * What to do.
   */
  readonly cure?: string
}
