import type { Finding } from '../finding/finding.js'
import type { Loudness } from '../verify/verdict.js'

const rank: Record<Loudness, number> = { fine: 0, warning: 1, error: 2 }

/** Given how loud each part of a run is, return how loud the run is. */
export function loudest(parts: readonly Loudness[]): Loudness {
  return parts.reduce<Loudness>((worst, part) => (rank[part] > rank[worst] ? part : worst), 'fine')
}

/** Given a finding, return how loud it is. */
export const loudnessOf = ({ severity }: Pick<Finding, 'severity'>): Loudness =>
  severity === 'info' ? 'fine' : severity
