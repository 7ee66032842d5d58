import type { UsageState } from '../mount/usage.js'
import { sessionHappened, usageHappened } from '../watch/events.js'
import { named, type Known, type KnownImage } from './known.js'
import type { Step } from './settle.js'

/** By slot, what uses each image; without those of which nothing is known. */
export type Uses = ReadonlyMap<string, { readonly state: UsageState; readonly usedBy: readonly string[] }>

/** As `Step`; `rested`: slots of images that something used, or of which nothing was known, and that nothing uses now. */
export interface UsesStep extends Step {
  readonly rested: readonly string[]
}

/** Given what is known and what uses the images, return what is known now and what that tells. */
export function seeUses(known: Known, uses: Uses): UsesStep {
  const rested: string[] = []
  const told = known.images.flatMap((image) => {
    const now = uses.get(image.slot)
    const before = image.state === 'unknown' ? undefined : image.state
    if (now === undefined) return []
    const wasUsed = before === undefined ? image.frozenAt === undefined : before !== 'detached'
    if (wasUsed && now.state === 'detached') rested.push(image.slot)
    return usageHappened(image, before, now.state, now.usedBy).map(({ event, detail }) => line(image, event, detail))
  })
  const images = known.images.map((image) => ({ ...image, state: uses.get(image.slot)?.state ?? image.state }))
  return { known: { ...known, images }, told, rested }
}

/** Given what is known and who is logged in, return what is known now and what that tells. */
export function seeUsers(known: Known, users: ReadonlySet<string>): Step {
  const told = known.images.flatMap((image) =>
    sessionHappened([image], known.users, users).map(({ event }) => line(image, event)),
  )
  return { known: { ...known, users }, told }
}

/** `usageHappened` and `sessionHappened` tell of these alone. */
const line = (image: KnownImage, event: string, detail?: string): Step['told'][number] => ({
  event: event as 'attached' | 'detached' | 'login' | 'logout',
  ...named(image),
  ...(detail === undefined ? {} : { detail }),
})
