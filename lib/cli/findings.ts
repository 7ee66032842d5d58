import type { Severity } from '../finding/finding.js'
import { count, list } from '../text/measure.js'
import { exitCode } from './exit-code.js'

/** As much of a finding as is printed. */
export interface Printed {
  readonly severity: Severity
  readonly message: string
  readonly cure?: string
}

const words: Record<Severity, string> = { error: 'error', warning: 'warning', info: 'note' }

/** Given findings, return them as text for a terminal: what, and what to do on a line of its own. */
export const findingsText = (findings: readonly Printed[]): string =>
  findings
    .map(({ severity, message, cure }) => `${words[severity]}: ${message}\n${cure === undefined ? '' : `  ${cure}\n`}`)
    .join('')

/** Given findings, return how many there are of each kind: `1 error and 2 notes`; empty for none. */
export function findingCounts(findings: readonly Printed[]): string {
  const of = (severity: Severity): number => findings.filter((one) => one.severity === severity).length
  const kinds = (['error', 'warning', 'info'] as const).filter((severity) => of(severity) > 0)
  return list(kinds.map((severity) => count(of(severity), words[severity])))
}

/** Given findings, return how bad they are together. */
export function severityOf(findings: readonly Printed[]): 'fine' | 'warning' | 'error' {
  if (findings.some(({ severity }) => severity === 'error')) return 'error'
  return findings.some(({ severity }) => severity === 'warning') ? 'warning' : 'fine'
}

/** Given how bad it is, return the exit code. */
export const severityCode = (severity: 'fine' | 'warning' | 'error'): number =>
  ({ fine: exitCode.fine, warning: exitCode.warning, error: exitCode.bad })[severity]
