import type { FoundCopy } from './copies.js'

/** What the test knows by itself. Digests are those of whole images. */
export interface Truth {
  /** Every state the image was in. */
  readonly states: Set<string>
  /** By line (home and image), what was proven and not spoiled since by somebody's hand, newest last. */
  readonly proven: Map<string, string[]>
  /** By line, the best that was known of it while nothing of it was proven: adopted, or its structure found right. */
  readonly known: Map<string, string>
  /** By home, what rsync made since the last proof in nights whose post hook told nothing of it: it may be known for anything. */
  readonly untold: Map<string, Set<string>>
  /** By home, every copy that ever lay in a section, with what became of it by somebody's hand. */
  readonly ever: Map<string, Set<string>>
  /** By inode of the section, what it held after the last night. */
  readonly sections: Map<number, string>
  /** Inodes of files that somebody wrote into since a hook last had occasion to look. */
  readonly written: Set<number>
  /** Lines whose newest copy was spoiled after tonight's hook had looked: older ones may rotate away tonight. */
  readonly surprised: Set<string>
  /** Inode of a section that no post hook has settled. */
  unsettled: number | undefined
}

export const newTruth = (): Truth => ({
  states: new Set(),
  proven: new Map(),
  known: new Map(),
  untold: new Map(),
  ever: new Map(),
  sections: new Map(),
  written: new Set(),
  surprised: new Set(),
  unsettled: undefined,
})

/** A copy of the image was proven. */
export function noteProven({ proven, known, untold }: Truth, line: string, digest: string): void {
  const before = proven.get(line) ?? []
  proven.set(line, [...before.filter((one) => one !== digest), digest])
  known.delete(line)
  known.delete(adoptedLine(line))
  untold.delete(homeIn(line))
}

/** A copy of it is known whose structure is right; that counts as long as nothing was proven. */
export function noteKnown({ proven, known }: Truth, line: string, digest: string): void {
  if ((proven.get(line) ?? []).length > 0) return
  known.delete(adoptedLine(line))
  known.set(line, digest)
}

/** Of a copy made before the hooks nobody knows which image of the home it was. */
export const adoptedLine = (line: string): string => `${homeIn(line)} adopted`

/** Given a line, return its home. */
export const homeIn = (line: string): string => line.split(' ')[0] ?? ''

/** A copy was made, and the post hook told nothing of it. */
export const noteUntold = ({ untold }: Truth, home: string, digest: string): void => {
  untold.set(home, (untold.get(home) ?? new Set()).add(digest))
}

/** Whatever lies in a section counts as a copy of its home. */
export function noteCopies({ ever }: Truth, copies: readonly FoundCopy[]): void {
  for (const { home, digest } of copies) {
    if (home !== undefined) ever.set(home, (ever.get(home) ?? new Set()).add(digest))
  }
}

/** Somebody wrote into copies; they were these before and are those now. */
export function noteWritten(
  truth: Truth,
  before: readonly FoundCopy[],
  now: readonly FoundCopy[],
  afterLook: boolean,
): void {
  const then = new Map(before.map(({ path, digest }) => [path, digest]))
  const isSpoiled = ({ path, digest }: FoundCopy): boolean => then.get(path) !== digest
  const spoiled = now.filter(isSpoiled).map(({ path }) => then.get(path) ?? '')
  noteSpoiled(truth, { spoiled, rest: now.filter((copy) => !isSpoiled(copy)).map(({ digest }) => digest), afterLook })
  for (const { path, digest } of now) {
    for (const digests of truth.ever.values()) if (digests.has(then.get(path) ?? '')) digests.add(digest)
  }
}

/**
 * Copies are good no more, by somebody's hand; it is not ours to have kept them. Where one was the newest, the newest of
 * the rest is; where the same bytes lie elsewhere too, perhaps known for less, nothing can be said until the next proof.
 */
export function noteSpoiled(
  { proven, known, surprised }: Truth,
  {
    spoiled,
    rest,
    afterLook,
  }: { readonly spoiled: readonly string[]; readonly rest: readonly string[]; readonly afterLook: boolean },
): void {
  for (const [line, digests] of proven) {
    const newest = digests.at(-1)
    if (newest === undefined) continue
    const whole = digests.filter((digest) => !spoiled.includes(digest))
    if (!spoiled.includes(newest)) {
      proven.set(line, whole)
      continue
    }
    proven.set(line, rest.includes(newest) ? [] : whole.filter((digest) => rest.includes(digest)))
    if (afterLook) surprised.add(line)
  }
  for (const [line, digest] of known) if (spoiled.includes(digest)) known.delete(line)
}

/** Older copies that rotated away in the night in which the newest was spoiled: nobody could know. */
export function noteSurprises({ proven, surprised }: Truth, left: ReadonlySet<string>): void {
  for (const line of surprised) {
    proven.set(
      line,
      (proven.get(line) ?? []).filter((digest) => left.has(digest)),
    )
  }
  surprised.clear()
}
