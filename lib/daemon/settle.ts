import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import {
  named,
  unknownDevice,
  type FoundImage,
  type Known,
  type KnownImage,
  type KnownRoot,
  type RootIdentity,
  type Told,
} from './known.js'

/** What a search found. */
export interface Found {
  readonly images: readonly FoundImage[]
  /** Of each folder that was searched, which it was; undefined: it was not there. */
  readonly roots: ReadonlyMap<RawPath, RootIdentity | undefined>
  /** How long it took, without the start of its thread. */
  readonly milliseconds: number
}

/** Users may mount and unmount images in images without end. */
const mostUnmounted = 1000

/** What is known now, and what happened until then. */
export interface Step {
  readonly known: Known
  readonly told: readonly Told[]
}

/**
 * Given what is known and what a search found, return what is known now and what that tells. An image is the same by
 * device and inode wherever it lies, else by its slot; where no device is known, by its inode where only one has it. One
 * that was not found stays known until it was told to be gone.
 * `first`: nothing was known before, so nothing is news.
 */
export function settle(known: Known, found: Found, first: boolean): Step {
  const roots = known.roots.map((root) => settleRoot(root, known, found))
  const standing = new Set(roots.filter(({ stands }) => stands).map(({ path }) => path))
  const { before, left } = matched(known.images, found.images)
  const told: Told[] = roots.flatMap((root, at) => rootTold(known.roots[at] as KnownRoot, root, known))
  const images = found.images.map((one) => {
    const image = before.get(one)
    // Another image at the place of one has nothing of its history.
    const { state = 'unknown', frozenAt } = image?.inode === one.inode ? image : {}
    const now: KnownImage = {
      ...one,
      path: pathOf(image, one),
      lies: 'there',
      state,
      ...(frozenAt === undefined ? {} : { frozenAt }),
    }
    told.push(...imageTold(image, now, first))
    return now
  })
  const stay = [...left].filter(({ lies, root }) => lies !== 'vanished' || !standing.has(root))
  const there = stay.filter(({ lies }) => lies !== 'unmounted')
  const unmounted = stay.filter(({ lies }) => lies === 'unmounted').slice(-mostUnmounted)
  return { known: { ...known, roots, images: [...images, ...there, ...unmounted] }, told }
}

interface Matched {
  /** Of each image that was found, what it was before; none of which nothing is known. */
  readonly before: ReadonlyMap<FoundImage, KnownImage>
  /** What was not found. */
  readonly left: ReadonlySet<KnownImage>
}

function matched(known: readonly KnownImage[], found: readonly FoundImage[]): Matched {
  const before = new Map<FoundImage, KnownImage>()
  const left = new Set(known)
  /** `alone`: of several that are the same by it, none is. */
  const match = (
    same: (image: KnownImage, one: FoundImage) => boolean,
    keyOf: (image: Pick<KnownImage, 'slot' | 'inode'>) => string | number,
    alone = false,
  ): void => {
    const open = byKey(
      found.filter((one) => !before.has(one)),
      keyOf,
    )
    const still = byKey([...left], keyOf)
    for (const [key, ones] of open) {
      const images = still.get(key) ?? []
      if (alone && (ones.length > 1 || images.length > 1)) continue
      for (const one of ones) {
        const image = images.find((each) => left.has(each) && same(each, one))
        if (image === undefined) continue
        left.delete(image)
        before.set(one, image)
      }
    }
  }
  const inode = ({ inode }: Pick<KnownImage, 'inode'>): number => inode
  // Every image by what it is, before any by its place: of two that changed places neither is taken for the other.
  match((image, one) => image.device === one.device, inode)
  // After a start no device is known, and homes that were made from one skeleton may have the same inodes.
  match((image, one) => image.device === unknownDevice && image.slot === one.slot, inode)
  match((image) => image.device === unknownDevice, inode, true)
  match(
    () => true,
    ({ slot }) => slot,
  )
  return { before, left }
}

function byKey<Image, Key>(images: readonly Image[], keyOf: (image: Image) => Key): Map<Key, Image[]> {
  const all = new Map<Key, Image[]>()
  for (const image of images) {
    const same = all.get(keyOf(image))
    if (same === undefined) all.set(keyOf(image), [image])
    else same.push(image)
  }
  return all
}

/** A login may have moved it since the search came by. */
const pathOf = (before: KnownImage | undefined, { places }: FoundImage): RawPath =>
  before?.lies === 'there' && places.includes(before.path) ? before.path : (places[0] as RawPath)

function settleRoot(root: KnownRoot, { images }: Known, { roots, images: found }: Found): KnownRoot {
  const identity = roots.get(root.path)
  if (identity === undefined) return { ...root, stands: false }
  if (root.stands && isSame(root.identity, identity)) return root
  // A mount point on which nothing is mounted is a folder as well.
  const empty = !found.some((one) => one.root === root.path) && images.some((one) => one.root === root.path)
  return empty ? { ...root, stands: false } : { path: root.path, identity, stands: true }
}

function rootTold(before: KnownRoot, now: KnownRoot, { images }: Known): Told[] {
  if (before.stands === now.stands) return []
  return now.stands ? [{ event: 'root-back', path: printable(now.path) }] : [rootLost(now, images)]
}

/** Given a folder that is not what it was and the images known, return the line that says so. */
export function rootLost({ path }: KnownRoot, images: readonly KnownImage[]): Told {
  const number = images.filter(({ root }) => root === path).length
  const detail = `not mounted, or not there; nothing is known of the ${String(number)} images that lay in it`
  return { event: 'root-lost', path: printable(path), detail }
}

function imageTold(before: KnownImage | undefined, now: KnownImage, first: boolean): Told[] {
  if (before === undefined) return first ? [] : [{ event: 'appeared', ...named(now) }]
  if (before.path !== now.path) return [movedTo(before, now)]
  if (before.inode !== now.inode) return [{ event: 'replaced', ...named(now) }]
  return before.lies === 'vanished' || before.lies === 'unmounted' ? [{ event: 'returned', ...named(now) }] : []
}

/** Given an image before and after, return the line that tells where it lay. */
export const movedTo = (before: KnownImage, now: KnownImage): Told => ({
  event: 'moved',
  ...named(now),
  detail: `from ${printable(before.path)}`,
})

/** Given two folders under one path (undefined: not known), tell whether they are the same. */
export const isSame = (one: RootIdentity | undefined, other: RootIdentity | undefined): boolean =>
  one !== undefined && other !== undefined && one.device === other.device && one.inode === other.inode
