/** As much of the book of copies as tells when a slot was proven. */
export interface ProofBook {
  readonly slots: readonly {
    readonly slot: string
    readonly copies: readonly { readonly label: { readonly madeAt: string; readonly verdict: string } }[]
  }[]
}

interface Turn<Image> {
  readonly image: Image
  /** When its newest proven copy was made, milliseconds since 1970; 0: never proven. */
  readonly proven: number
  /** Its newest copy is not proven. */
  readonly waits: boolean
}

/**
 * Given the images of a run and the book of copies, return the images in the order in which to prove them: the one whose
 * last proof is oldest first, in the given order where that is the same. Before all others goes one of those whose newest
 * copy is unproven, another one from run to run: an image that uses up the time of every run and is never proven would
 * stay the oldest, and keep all others waiting for ever.
 */
export function proofOrder<Image extends { readonly slot: string }>(
  images: readonly Image[],
  { slots }: ProofBook,
): Image[] {
  const copies = new Map(slots.map((one) => [one.slot, one.copies.map(({ label }) => label)]))
  const turns = images.map((image) => turnOf(image, copies.get(image.slot) ?? []))
  turns.sort((one, other) => one.proven - other.proven)
  const waiting = turns.filter(({ waits }) => waits)
  // Counted in milliseconds, so that a rhythm of days does not hit the same one again and again.
  const newest = newestOf([...copies.values()].flat()) % Math.max(1, waiting.length)
  const leader = waiting[newest]
  return [...(leader === undefined ? [] : [leader]), ...turns.filter((one) => one !== leader)].map(({ image }) => image)
}

type Labels = ProofBook['slots'][number]['copies'][number]['label'][]

function turnOf<Image>(image: Image, labels: Labels): Turn<Image> {
  const proven = newestOf(labels.filter(({ verdict }) => verdict === 'proven'))
  return { image, proven, waits: proven === 0 || proven < newestOf(labels) }
}

const newestOf = (labels: Labels): number =>
  labels.reduce((newest, { madeAt }) => Math.max(newest, Date.parse(madeAt)), 0)
