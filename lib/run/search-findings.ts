import type { Discovery, DiscoveryNote } from '../discover/discovery.js'
import type { ReportedFinding } from '../generated/report.js'
import type { SlotStatus } from '../generated/status.js'
import { count, list } from '../text/measure.js'

const mayHideAnImage = new Set<DiscoveryNote['code']>([
  'root-missing',
  'unreadable',
  'depth-limit',
  'entry-limit',
  'same-identity',
])
const mostNotes = 20

/** Given what the search could not see, return it as findings: a warning wherever an image may have been missed. */
export function noteFindings(discovery: Pick<Discovery, 'notes'>): ReportedFinding[] {
  const byCode = new Map<DiscoveryNote['code'], DiscoveryNote[]>()
  for (const note of discovery.notes) byCode.set(note.code, [...(byCode.get(note.code) ?? []), note])
  return [...byCode].flatMap(([code, notes]) => {
    const severity = mayHideAnImage.has(code) ? ('warning' as const) : ('info' as const)
    const told = notes.slice(0, severity === 'warning' ? mostNotes : 1)
    const rest = notes.length - told.length
    return told.map(({ message }, index) => {
      const more = rest > 0 && index === told.length - 1 ? ` (And ${count(rest, 'more place')} of the same kind.)` : ''
      return { code, severity, message: `${message}${more}` }
    })
  })
}

/**
 * Given the slots found tonight, those known before and a way to tell whether one of them is gone or could only not be
 * looked for, return what needs an explanation: an image that is no longer there, or none at all where there should be
 * some.
 */
export function fewerImages(
  found: ReadonlySet<string>,
  known: readonly SlotStatus[],
  mayBeEmpty: boolean,
  isGone: (slot: SlotStatus) => boolean,
): ReportedFinding[] {
  const missing = known.filter(({ slot }) => !found.has(slot))
  const news = missing.filter(({ goneSince }) => goneSince === undefined)
  const gone = news.filter(isGone)
  const findings: ReportedFinding[] = gone.map(({ path, user, lastAt }) => ({
    code: 'image-gone',
    severity: 'warning',
    message: `The image ${path} of ${user}, seen last at ${lastAt}, is no longer in the source.`,
    cure: 'Find out whether it was deleted, renamed or moved; its newest good copy is kept until you forget it.',
  }))
  for (const { path, user, lastAt } of news.filter((slot) => !gone.includes(slot))) {
    findings.push({
      code: 'image-unsought',
      severity: 'warning',
      message: `The image ${path} of ${user}, seen last at ${lastAt}, could not be looked for: its folder cannot be read, or its volume is not mounted.`,
      cure: 'Mount the volume, or see what root may read there; its newest good copy is kept until you forget it.',
    })
  }
  const longGone = missing.flatMap(({ goneSince, path, user }) => {
    if (goneSince === undefined) return []
    const message = `The image ${path} of ${user} has been gone from the source since ${goneSince}.`
    return [{ code: 'image-gone', severity: 'info' as const, message }]
  })
  findings.push(...longGone)
  if (found.size > 0 || mayBeEmpty) return findings
  const because = news.length > 0 ? ` There were ${list(news.map(({ path }) => path))}.` : ''
  return [
    ...findings,
    {
      code: 'no-images',
      severity: 'warning',
      message: `No disk image was found in the backup's source.${because}`,
      cure: 'Check search.roots and what root may read; set search.mayBeEmpty where there really are none.',
    },
  ]
}
