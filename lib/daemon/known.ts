import type { DaemonImage, DaemonSeen } from '../generated/seen.js'
import type { DaemonLine } from '../generated/daemon.js'
import { fromPrintable, printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { WatchedImage } from '../watch/order.js'

/** What happened, without its time. */
export type Told = Omit<DaemonLine, 'at'>

/** An image as a search finds it: first of its places where it lies. */
export interface FoundImage extends WatchedImage {
  /** The folder that was searched. */
  readonly root: RawPath
}

/** An image that the daemon follows. */
export interface KnownImage extends FoundImage {
  /** Where it lies, or lay last. */
  readonly path: RawPath
  readonly lies: DaemonImage['lies']
  readonly frozenAt?: string
}

/** A folder that is searched. */
export interface KnownRoot {
  readonly path: RawPath
  /** Which folder it was when images were found in it; undefined: not yet. */
  readonly identity: RootIdentity | undefined
  readonly stands: boolean
}

/** What tells a folder from another that lies under its path, as where a volume is mounted. */
export interface RootIdentity {
  readonly device: number
  readonly inode: number
}

/** All that is known at a moment. */
export interface Known {
  readonly images: readonly KnownImage[]
  readonly roots: readonly KnownRoot[]
  /** Who is logged in; undefined: not known. */
  readonly users: ReadonlySet<string> | undefined
}

/** Given what is known and the time, return the document that the next daemon begins with. */
export const seenOf = ({ images, roots, users }: Known, at: string): DaemonSeen => ({
  schema: 'seen/1',
  at,
  images: images.map(({ slot, user, path, inode, lies, state, frozenAt }) => ({
    slot,
    user,
    path: printable(path),
    inode,
    lies,
    state,
    ...(frozenAt === undefined ? {} : { frozenAt }),
  })),
  ...(users === undefined
    ? {}
    : { users: [...new Set(images.map(({ user }) => user))].filter((user) => users.has(user)) }),
  roots: roots.map(({ path, stands }) => ({ path: printable(path), stands })),
})

/** Of an image that an earlier daemon saw. */
export const unknownDevice = -1

/**
 * Given the folders that are searched and what an earlier daemon saw last (undefined: there was none), return what is
 * known before anything was looked at. Device numbers differ after a start of the machine, so none is known.
 */
export function knownFrom(roots: readonly RawPath[], seen: DaemonSeen | undefined): Known {
  const rootOf = (path: RawPath): RawPath =>
    roots.find((root) => path === root || path.startsWith(`${root}/`)) ?? (roots[0] as RawPath)
  return {
    images: (seen?.images ?? []).map((image) => {
      const path = fromPrintable(image.path)
      return { ...image, path, places: [path], root: rootOf(path), device: unknownDevice, container: 'sparse-bundle' }
    }),
    roots: roots.map((path) => ({ path, identity: undefined, stands: true })),
    users: seen?.users && new Set(seen.users),
  }
}

/** Given an image, return the words of a line that name it. */
export const named = ({ slot, user, path }: KnownImage): Pick<Told, 'slot' | 'user' | 'path'> => ({
  slot,
  user,
  path: printable(path),
})
