import type { CopyLabel } from '../generated/copy.js'
import type { KnownCopy } from '../generated/slots.js'

/**
 * How good a copy can be; a better one is never given up for a worse one. `none`: there is nothing to keep. A bad one is
 * kept too where nothing else is known: what is damaged or mixed may still be better than no copy at all.
 */
export const grades = { none: 0, bad: 1, suspect: 2, complete: 3, proven: 4 } as const
export type Grade = (typeof grades)[keyof typeof grades]

/** Given a known copy, return how good it is. Proven is only what a manifest vouches for. */
export function grade({ label: { verdict, manifest }, opened }: Pick<KnownCopy, 'label' | 'opened'>): Grade {
  switch (verdict) {
    case 'not-backed-up':
    case 'not-judged-yet':
      return grades.none
    case 'bad':
      return grades.bad
    default:
      // Somebody wrote into it: whatever was known of it holds no longer, and one that nobody touched is better.
      if (opened !== undefined) return grades.bad
      if (verdict === 'suspect') return grades.suspect
      return verdict === 'proven' && manifest !== null ? grades.proven : grades.complete
  }
}

/** Given a known copy, return the label of another one that is made of it: never better than what it is known to be. */
export function labelOfCopy({ label, opened }: KnownCopy): CopyLabel {
  if (opened !== undefined) {
    const verdict = label.verdict === 'bad' ? 'bad' : 'suspect'
    return { ...label, verdict, manifest: null, reason: `it was changed after it was checked (${opened.member})` }
  }
  return label.manifest === null ? unvouched(label) : label
}

/** Given a label, return it as that of a copy for which no manifest vouches. */
export function unvouched(label: CopyLabel): CopyLabel {
  if (label.verdict !== 'proven') return { ...label, manifest: null }
  const reason = 'it was proven, and there is no manifest that vouches for it'
  return { ...label, verdict: 'complete', reason, manifest: null }
}

/** Given copies of a slot, return the newest one that was proven and that nobody opened for writing. */
export const newestGood = <Copy extends KnownCopy>(copies: readonly Copy[]): Copy | undefined =>
  newestOf(copies, grades.proven)

/** Given copies of a slot, return the newest that was never proven: structure right, else suspect, else whatever there is. */
export const bestKnown = <Copy extends KnownCopy>(copies: readonly Copy[]): Copy | undefined =>
  newestOf(copies, grades.complete) ?? newestOf(copies, grades.suspect) ?? newestOf(copies, grades.bad)

/** The newest good copy, else the best known one. */
export const best = <Copy extends KnownCopy>(copies: readonly Copy[]): Copy | undefined =>
  newestGood(copies) ?? bestKnown(copies)

/**
 * Given copies of a slot, return them by image: a new identity in a slot starts a new line and the old one is kept. A copy
 * of which only the copy was ever seen may be of any line.
 */
export function lines<Copy extends KnownCopy>(copies: readonly Copy[]): Copy[][] {
  const identities = new Set(copies.flatMap(({ label: { identity } }) => identity ?? []))
  if (identities.size === 0) return copies.length === 0 ? [] : [[...copies]]
  return [...identities].map((identity) => copies.filter((copy) => mayBe(copy, identity)))
}

/** Tell whether a copy may be one of the image with that identity. */
export const mayBe = ({ label }: Pick<KnownCopy, 'label'>, identity: string | null): boolean =>
  label.identity === null || identity === null || label.identity === identity

/** Tell whether two copies hold the same bytes: made in the same run, one perhaps put elsewhere later. */
export const isSameData = ({ label: one }: KnownCopy, { label: other }: KnownCopy): boolean =>
  one.slot === other.slot && one.run === other.run && one.madeAt === other.madeAt

function newestOf<Copy extends KnownCopy>(copies: readonly Copy[], wanted: Grade): Copy | undefined {
  return copies.reduce<Copy | undefined>((newest, copy) => {
    if (grade(copy) !== wanted) return newest
    if (newest === undefined) return copy
    return Date.parse(copy.label.madeAt) > Date.parse(newest.label.madeAt) ? copy : newest
  }, undefined)
}
