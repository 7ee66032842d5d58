import { OperationalError } from '../finding/operational-error.js'
import { count } from '../text/measure.js'

/** One thing wrong or doubtful in the configuration. */
export interface ConfigProblem {
  readonly severity: 'error' | 'warning'
  /** 1-based; absent where the problem is the file itself, or a value the file does not hold. */
  readonly line?: number
  readonly column?: number
  /** The setting: `policies[2].ifInUse`; empty for the file as a whole. */
  readonly path: string
  /** One sentence or two: what is wrong, what is allowed. */
  readonly message: string
}

/** The configuration cannot be used: its message lists every problem. */
export class ConfigError extends OperationalError {
  readonly problems: readonly ConfigProblem[]

  /** `file`: the configuration file's path as printed. `problems`: at least one. */
  constructor(file: string, problems: readonly ConfigProblem[], options?: { cause?: unknown }) {
    const errors = problems.filter(({ severity }) => severity === 'error')
    const lines = errors.slice(0, mostShown).map((problem) => `  ${problemLine(problem)}`)
    if (errors.length > mostShown) lines.push(`  and ${String(errors.length - mostShown)} more`)
    super(
      'config-invalid',
      `${file} cannot be used (${count(errors.length, 'error')}):\n${lines.join('\n')}`,
      `Correct ${file}; "lbackup-filevault config validate" checks it without running anything.`,
      options,
    )
    this.name = 'ConfigError'
    this.problems = problems
  }
}

const mostShown = 50

/** Given a problem, return it as one line: `line 12:15, policies[2].ifInUse: …`. */
export function problemLine({ line, column, path, message }: ConfigProblem): string {
  const place = [
    ...(line === undefined ? [] : [`line ${String(line)}:${String(column ?? 1)}`]),
    ...(path === '' ? [] : [path]),
  ].join(', ')
  return place === '' ? message : `${place}: ${message}`
}
