import { grade, grades } from '../keep/best.js'
import type { StandingCopy } from '../keep/standing-type.js'
import { imageName } from '../keep/store-layout.js'
import type { Container } from '../image/image.js'
import { printable } from '../text/printable.js'
import { baseName, type RawPath } from '../text/raw-path.js'

/** An image that rsync is to copy tonight. */
export interface Wanted {
  readonly slot: string
  /** Where its copy belongs, relative to a section. */
  readonly copyPath: RawPath
  readonly identity: string
  readonly ownerUid: number
  readonly container: Container
}

/** A copy that is to be linked to where the image lies tonight. */
export interface Seed {
  readonly image: Wanted
  readonly copy: StandingCopy
}

/**
 * Given the images that rsync is to copy and the copies that stand, return which copy is to be linked into Section.0 for
 * which image: those of which no copy lies there at tonight's path, with the newest proven copy of the same owner's same
 * image, wherever it lies. A copy that was never proven is no seed: rsync would take its bands for the image's own.
 */
export function planSeeds(images: readonly Wanted[], copies: readonly StandingCopy[]): Seed[] {
  const slots = new Set(images.map(({ slot }) => slot))
  return images.flatMap((image) => {
    if (image.copyPath === '' || copies.some((copy) => liesThere(copy, image.copyPath))) return []
    const copy = best(image, copies, slots)
    return copy === undefined ? [] : [{ image, copy }]
  })
}

const liesThere = ({ section, known: { label } }: StandingCopy, copyPath: RawPath): boolean =>
  section?.number === 0 && label.copyPath === printable(copyPath)

function best(image: Wanted, copies: readonly StandingCopy[], slots: ReadonlySet<string>): StandingCopy | undefined {
  const ranked = copies
    .filter(({ known }) => grade(known) === grades.proven)
    .filter(({ known: { label } }) => label.ownerUid === image.ownerUid && label.container === image.container)
    .map((copy) => ({ copy, likeness: likeness(image, copy, slots) }))
    .filter(({ likeness }) => likeness > 0)
    .sort(
      (one, other) =>
        other.likeness - one.likeness || newer(other.copy) - newer(one.copy) || nearer(one.copy) - nearer(other.copy),
    )
  return ranked[0]?.copy
}

/**
 * 3: the same image, here before or where it is no more, as when its user was renamed; 2: one of the same identity that is
 * still there besides, as of a home made from another; 1: perhaps the same, copied to another volume. It costs links where
 * it is not: rsync compares sizes and times, and the post hook bytes.
 */
function likeness(image: Wanted, { known: { label } }: StandingCopy, slots: ReadonlySet<string>): number {
  const sameSlot = label.slot === image.slot
  const mayHaveMoved = sameSlot || !slots.has(label.slot)
  if (label.identity === image.identity) return mayHaveMoved ? 3 : 2
  if (sameSlot) return 1
  return mayHaveMoved && imageName(label) === baseName(image.copyPath) ? 1 : 0
}

const newer = ({ known: { label } }: StandingCopy): number => Date.parse(label.madeAt)
const nearer = ({ section }: StandingCopy): number => section?.number ?? Infinity
