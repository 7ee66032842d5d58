import { printable } from '../text/printable.js'
import type {
  Abilities,
  Making,
  StagedEntry,
  StagingKind,
  StagingPlan,
  Step,
  Wanted,
  WantedImage,
} from './staging-type.js'

/**
 * Given what is wanted of the staging folder and what of ours stands there, return the steps, in order: what is not
 * wanted goes first, so that its room is free. An image whose frozen entry is still what it is now stays as it is.
 */
export function planStaging(wanted: Wanted, actual: readonly StagedEntry[]): StagingPlan {
  const refused = new Map<string, string>()
  const kinds = new Map<string, StagingKind>()
  for (const image of wanted.images) {
    const kind = kindFor(image)
    if ('because' in kind) refused.set(image.slot, kind.because)
    else kinds.set(image.slot, kind.kind)
  }
  for (const { name, can } of wanted.folders) if (can !== true) refused.set(printable(name), can)
  const making = wanted.images.flatMap((image): Making[] => {
    const kind = kinds.get(image.slot)
    const before = actual.find(({ name }) => name === image.slot)
    return kind === undefined || (before !== undefined && isStill(before, image)) ? [] : [{ image, kind }]
  })
  const snapshots = making.filter(({ kind }) => kind === 'snapshot')
  return {
    refused,
    steps: [
      ...unwanted(wanted, actual, kinds),
      ...(snapshots.length === 0 ? [] : [{ do: 'snapshot', making: snapshots } satisfies Step]),
      ...making.flatMap((one): Step[] => (one.kind === 'snapshot' ? [] : [{ do: 'take', making: one }])),
      ...wanted.folders.flatMap((folder): Step[] => (folder.can === true ? [{ do: 'bind', folder }] : [])),
    ],
  }
}

/** A frozen entry goes only when its image is frozen anew, or cannot be any more; a bind is always made anew. */
function unwanted(
  { asFrozen, spare }: Wanted,
  actual: readonly StagedEntry[],
  kinds: ReadonlyMap<string, StagingKind>,
): Step[] {
  return actual.flatMap(({ name, standing, kept }): Step[] => {
    if (standing && (asFrozen.has(name) || kinds.has(name))) return []
    if (standing && (spare === 'all' || (kept && spare.has(name)))) return []
    return [{ do: 'remove', name }]
  })
}

/** Frozen at rest, and neither the image nor its place has changed since. */
const isStill = (entry: StagedEntry, { atRest, live, identity, name }: WantedImage): boolean =>
  entry.standing &&
  atRest &&
  entry.atRestSince !== undefined &&
  entry.live === live &&
  entry.identity === identity &&
  entry.image === printable(name)

/** The first that the volume can do: of an image at rest every way gives one moment, of one in use only a snapshot. */
function kindFor({ atRest, can }: Pick<WantedImage, 'atRest' | 'can'>): { kind: StagingKind } | { because: string } {
  const order: readonly (readonly [StagingKind, keyof Abilities])[] = atRest
    ? [
        ['clone', 'clone'],
        ['snapshot', 'snapshot'],
        ['hard-link', 'hardLink'],
      ]
    : [
        ['snapshot', 'snapshot'],
        ['clone', 'clone'],
      ]
  const found = order.find(([, ability]) => can[ability] === true)
  if (found !== undefined) return { kind: found[0] }
  return { because: [...new Set(order.map(([, ability]) => can[ability]))].join('; ') }
}
