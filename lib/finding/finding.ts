import type { FindingCode } from './codes.js'

/** How bad a finding is. `flux`: what would be an error on an image at rest, seen while the image is being written. */
export type Severity = 'error' | 'warning' | 'info'

/** One thing found, about one image or one run. */
export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  /** The member concerned, relative to the image, as `printable` text. */
  readonly member?: string
  /** One sentence for an administrator. */
  readonly message: string
  /** What to do, where there is something to do. */
  readonly cure?: string
}

const rank: Record<Severity, number> = { info: 0, warning: 1, error: 2 }

/** Given findings, return the worst severity among them, or undefined where there is none. */
export function worst(findings: readonly Finding[]): Severity | undefined {
  let found: Severity | undefined
  for (const { severity } of findings) if (found === undefined || rank[severity] > rank[found]) found = severity
  return found
}
