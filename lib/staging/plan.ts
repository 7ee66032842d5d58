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
  const stale = wanted.images.filter(
    (image) => !actual.some((entry) => entry.name === image.slot && isStill(entry, image)),
  )
  for (const image of stale) {
    const kind = kindFor(image)
    if ('because' in kind) refused.set(image.slot, kind.because)
    else kinds.set(image.slot, kind.kind)
  }
  for (const { name, can } of wanted.folders) if (can !== true) refused.set(printable(name), can)
  const making = stale.flatMap((image): Making[] => {
    const kind = kinds.get(image.slot)
    return kind === undefined ? [] : [{ image, kind }]
  })
  // Whoever makes his image take long makes nobody else late.
  making.sort((one, other) => one.image.members - other.image.members || one.image.bytes - other.image.bytes)
  const snapshots = making.filter(({ kind }) => kind === 'snapshot')
  return {
    refused,
    steps: [
      ...unwanted(wanted, actual),
      ...(snapshots.length === 0 ? [] : [{ do: 'snapshot', making: snapshots } satisfies Step]),
      ...making.flatMap((one): Step[] => (one.kind === 'snapshot' ? [] : [{ do: 'take', making: one }])),
      ...wanted.folders.flatMap((folder): Step[] => (folder.can === true ? [{ do: 'bind', folder }] : [])),
    ],
  }
}

/** What is frozen of an image stays until that is frozen anew; a bind is always made anew. */
function unwanted({ images, asFrozen, spare }: Wanted, actual: readonly StagedEntry[]): Step[] {
  const wanted = new Set([...asFrozen, ...images.map(({ slot }) => slot)])
  return actual.flatMap(({ name, standing, kept }): Step[] => {
    if (standing && wanted.has(name)) return []
    if (standing && (spare === 'all' || (kept && spare.has(name)))) return []
    return [{ do: 'remove', name }]
  })
}

/** Given an entry and an image, tell whether that very image was frozen in it, at rest and for the same place. */
export const isOf = (
  { standing, atRestSince, identity, image }: StagedEntry,
  of: Pick<WantedImage, 'identity' | 'name'>,
): boolean => standing && atRestSince !== undefined && identity === of.identity && image === printable(of.name)

/** Nothing uses the image, and it has not changed since it was frozen. */
const isStill = (entry: StagedEntry, image: WantedImage): boolean =>
  isOf(entry, image) && image.atRest && entry.live === image.live

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
