import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { Difference, DifferenceKind } from './difference-text.js'

const listed = 20

// Gravest first; a member that could not be looked at makes all else doubtful.
const kinds: readonly DifferenceKind[] = [
  'source-unseen',
  'copy-unseen',
  'missing',
  'type',
  'size',
  'missed-change',
  'other-time',
  'extra',
]

/** Differences as they are found: twenty of each kind are kept, the rest is counted. */
export interface DifferenceList {
  add(kind: DifferenceKind, member: RawPath, because?: string): void
  all(): Difference[]
}

/** Return an empty list of differences. */
export function differenceList(): DifferenceList {
  const found = new Map<DifferenceKind, { count: number; members: string[]; because: string | undefined }>()
  return {
    add(kind, member, because) {
      const known = found.get(kind)
      const entry = known ?? { count: 0, members: [], because: because?.replace(/\.$/, '') }
      if (known === undefined) found.set(kind, entry)
      entry.count += 1
      if (entry.members.length < listed) entry.members.push(printable(member))
    },
    all: () =>
      kinds.flatMap((kind) => {
        const entry = found.get(kind)
        if (entry === undefined) return []
        const { count, members, because } = entry
        return [{ kind, count, members, ...(because === undefined ? {} : { because }) }]
      }),
  }
}
