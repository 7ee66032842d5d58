import type { Image } from '../image/image.js'
import { look, withFolder } from '../system/folder.js'
import { count, list } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { baseName, isWithin, parent, relativeTo, type RawPath } from '../text/raw-path.js'
import type { FoundImage } from './find.js'
import { isGone, isSwapped } from './messages.js'
import { byPath, type Notes } from './notes.js'
import { slotOf, slotOfFolder } from './slot.js'

/**
 * Given all images found, return them without those seen a second time because somebody moved them meanwhile (a login
 * moves the image of a FileVault home): of two sightings of one folder or file, the ones no longer there are dropped.
 */
export function withoutMoved(found: readonly FoundImage[]): FoundImage[] {
  const sightings = groupBy(found, ({ device, inode }) => `${String(device)}:${String(inode)}`)
  return found.filter((image) => {
    const same = sightings.get(`${String(image.device)}:${String(image.inode)}`)
    return same === undefined || same.length === 1 || isStillThere(image)
  })
}

/**
 * Given the images found and the source, return them by path, each with its slot. No two share one: where an image in a
 * hidden home and one in the home claim the same, that of the home has it, and it is noted. `slotFolders`: see
 * `SearchOptions`.
 */
export function nameSlots(found: readonly FoundImage[], source: RawPath, notes: Notes, slotFolders = false): Image[] {
  const named = [...found].sort(byPath).map((image) => {
    const place = source !== '' && isWithin(image.path, source) ? relativeTo(image.path, source) : image.path
    const staged = slotFolders ? slotOfFolder(place) : undefined
    if (staged !== undefined) return { image, slot: staged, asItLies: staged }
    return { image, slot: slotOf(place, image.ownerUid), asItLies: slotOf(place, image.ownerUid, { asItLies: true }) }
  })
  const claims = groupBy(named, ({ slot }) => slot)
  return named.map(({ image, slot, asItLies }) => {
    const rivals = claims.get(slot)?.filter((other) => other.image !== image) ?? []
    if (rivals.length === 0 || slot === asItLies) return { ...image, slot }
    const others = list(rivals.map((rival) => printable(rival.image.path)))
    notes.add(
      'same-slot',
      image.path,
      `${printable(image.path)} lies where a logged-in user's image lies, but ${others} is there too. ${remedy}`,
    )
    return { ...image, slot: asItLies }
  })
}

const remedy = 'Find out which of them its user opens; they are kept apart.'

/** Given all images, note those whose identity is also that of an image in another slot. */
export function noteSameIdentity(images: readonly Image[], notes: Notes): void {
  for (const same of groupBy(images, identityKey).values()) {
    const [first, ...others] = same
    if (first === undefined || others.length === 0) continue
    const shown = others.slice(0, 5).map(({ path }) => printable(path))
    if (others.length > shown.length) shown.push(count(others.length - shown.length, 'more'))
    const why = first.identity.startsWith('uuid:')
      ? 'have the same encryption header: one is a copy of the other, and whoever opens one can open the other'
      : 'are one and the same on the disk'
    notes.add(
      'same-identity',
      first.path,
      `${printable(first.path)} and ${list(shown)} ${why}. Each is backed up as an image of its own.`,
    )
  }
}

/** Inode numbers repeat from volume to volume; an encryption header's UUID does not. */
const identityKey = ({ identity, device }: Image): string =>
  identity.startsWith('uuid:') ? identity : `${identity} ${String(device)}`

function isStillThere({ path, device, inode }: FoundImage): boolean {
  try {
    const stats = withFolder(parent(path), (folder) => look(folder, baseName(path)))
    return stats !== undefined && stats.dev === device && stats.ino === inode
  } catch (error) {
    return !isGone(error) && !isSwapped(error)
  }
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}
