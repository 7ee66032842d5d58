import type { KnownCopy } from '../generated/slots.js'

/** How good a copy is; a higher one is never given up for a lower one. 0: not worth keeping. */
export function grade({ label: { verdict }, opened }: Pick<KnownCopy, 'label' | 'opened'>): 0 | 1 | 2 | 3 {
  if (verdict === 'bad' || verdict === 'not-backed-up' || verdict === 'not-judged-yet') return 0
  // Somebody wrote into it: whatever was known of it holds no longer.
  if (opened !== undefined) return 1
  return verdict === 'proven' ? 3 : verdict === 'complete' ? 2 : 1
}

/** Given copies of a slot, return the newest one that was proven and that nobody opened for writing. */
export const newestGood = <Copy extends KnownCopy>(copies: readonly Copy[]): Copy | undefined =>
  newestOf(copies.filter((copy) => grade(copy) === 3))

/** Given copies of a slot, return the newest that was never proven: structure right, else whatever there is. */
export const bestKnown = <Copy extends KnownCopy>(copies: readonly Copy[]): Copy | undefined =>
  newestOf(copies.filter((copy) => grade(copy) === 2)) ?? newestOf(copies.filter((copy) => grade(copy) === 1))

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

function newestOf<Copy extends KnownCopy>(copies: readonly Copy[]): Copy | undefined {
  return copies.reduce<Copy | undefined>((newest, copy) => {
    if (newest === undefined) return copy
    return Date.parse(copy.label.madeAt) > Date.parse(newest.label.madeAt) ? copy : newest
  }, undefined)
}
