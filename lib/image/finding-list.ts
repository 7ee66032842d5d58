import type { FindingCode } from '../finding/codes.js'
import type { Finding, Severity } from '../finding/finding.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'

const mostPerCode = 20

export interface Note {
  readonly member?: RawPath
  readonly cure?: string
  /** An image that is being written looks like this for a moment. */
  readonly passing?: boolean
}

/** Gathers findings about one image, at most twenty for each code. */
export interface FindingList {
  add(code: FindingCode, severity: Severity, message: string, note?: Note): void
  /** The findings, worst first, and for each code with more than twenty one that counts the rest. */
  all(): Finding[]
}

/**
 * Given whether the image is in use, return an empty list. On an image in use, a finding that is `passing` becomes the
 * information `being-written`.
 */
export function findingList(inUse: boolean): FindingList {
  const kept: Finding[] = []
  const totals = new Map<FindingCode, { severity: Severity; count: number }>()
  return {
    add(code, severity, message, { member, cure, passing = false } = {}) {
      const flux = inUse && passing
      const total = totals.get(flux ? 'being-written' : code) ?? { severity: flux ? 'info' : severity, count: 0 }
      totals.set(flux ? 'being-written' : code, total)
      total.count += 1
      if (total.count > mostPerCode) return
      const shownMember = member === undefined ? {} : { member: printable(member) }
      kept.push(
        flux
          ? {
              code: 'being-written',
              severity: 'info',
              ...shownMember,
              message: `${message} It is in use, so this may pass.`,
            }
          : { code, severity, ...shownMember, message, ...(cure === undefined ? {} : { cure }) },
      )
    },
    all() {
      const rest: Finding[] = []
      for (const [code, { severity, count }] of totals) {
        if (count <= mostPerCode) continue
        rest.push({
          code,
          severity,
          message: `${String(count - mostPerCode)} more like these (${code}) are not listed.`,
        })
      }
      return [...kept, ...rest].sort((a, b) => rank[b.severity] - rank[a.severity])
    },
  }
}

const rank: Record<Severity, number> = { info: 0, warning: 1, error: 2 }
