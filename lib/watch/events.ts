import type { WatchLine } from '../generated/watch.js'
import type { UsageState } from '../mount/usage.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { Glance } from './glance.js'
import type { WatchedImage } from './order.js'

/** What happened, without its time. */
export type Happened = Omit<WatchLine, 'at'>

/** Given an image and two looks at it, the earlier first, return what happened in between. */
export function happened({ slot, places }: WatchedImage, before: Glance, after: Glance): Happened[] {
  if (after.place === undefined) return before.place === undefined ? [] : [{ event: 'vanished', slot }]
  if (after.place !== before.place) {
    const where = `to ${printable(places[after.place] as RawPath)}`
    return [after.place === 0 ? { event: 'returned', slot, detail: where } : { event: 'moved', slot, detail: where }]
  }
  const changed = [...after.members].filter(([name, state]) => before.members.get(name) !== state)
  if (changed.length === 0) return []
  return [{ event: 'changed', slot, detail: changed.map(([name]) => name || 'the image').join(', ') }]
}

/** Given an image and who used it at two moments (undefined: not known), return what happened in between. */
export function usageHappened(
  { slot }: WatchedImage,
  before: UsageState | undefined,
  after: UsageState,
  usedBy: readonly string[],
): Happened[] {
  if (before === undefined || before === after) return []
  if (after === 'detached') return [{ event: 'detached', slot }]
  if (before !== 'detached') return []
  return [{ event: 'attached', slot, ...(usedBy.length === 0 ? {} : { detail: `by ${usedBy.join(', ')}` }) }]
}

/** Given images and who was and is logged in (undefined: not known), return the logins and logouts of their users. */
export function sessionHappened(
  images: readonly WatchedImage[],
  before: ReadonlySet<string> | undefined,
  after: ReadonlySet<string> | undefined,
): Happened[] {
  if (before === undefined || after === undefined) return []
  return images.flatMap(({ slot, user }) => {
    if (before.has(user) === after.has(user)) return []
    return [{ event: after.has(user) ? 'login' : 'logout', slot, detail: user }]
  })
}
