import type { FindingCode } from '../finding/codes.js'
import type { Finding } from '../finding/finding.js'

/** Something that will go wrong, with its cure. `info`: what is worth knowing, and no fault. */
export interface DoctorFinding extends Finding {
  readonly cure: string
}

/** Given what was found and the cure, return it as a finding. */
export const found = (
  code: FindingCode,
  severity: DoctorFinding['severity'],
  message: string,
  cure: string,
): DoctorFinding => ({ code, severity, message, cure })
