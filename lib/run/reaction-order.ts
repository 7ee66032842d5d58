import { realPath } from '../system/file.js'
import { join } from '../text/raw-path.js'
import { pathInSection } from '../lbackup/path-mapping.js'
import type { ReactionOrder, WatchedImage, WatchOrder } from '../watch/order.js'
import type { RunContext } from './context.js'
import type { Tonight } from './plan-type.js'
import { isFrozen } from './recorded.js'

/** Over ssh the other end may lose its patience. */
const longestOverSsh = 10

/** Given the run, its plan and the images that are watched, return what the watch is to do besides noting. */
export function reactionOrder(
  { config, environment, source }: RunContext,
  { images, decided }: Tonight,
  watched: readonly WatchedImage[],
): Pick<WatchOrder, 'reaction'> {
  const { mode, maxPauseMinutes } = config.watch
  if (mode !== 'pause' && mode !== 'stop') return {}
  const destination = realPath(environment.backupDest) ?? environment.backupDest
  const growing = join(destination, 'Section.inprogress')
  // Whoever copies an image in use does so knowingly.
  const atRest = images.filter(({ image, usage, staged }) => {
    // What is frozen may be copied whatever becomes of its image.
    if (isFrozen(staged === undefined ? {} : { staged })) return false
    const action = decided.get(image.path)?.action
    return (action === 'copy' || action === 'copy-and-prove') && ['detached', 'unknown'].includes(usage.state)
  })
  const slots = new Set(atRest.map(({ image }) => image.slot))
  const minutes = environment.useSSH ? Math.min(maxPauseMinutes, longestOverSsh) : maxPauseMinutes
  const reaction: ReactionOrder = {
    mode,
    images: watched.flatMap(({ slot, places }) => {
      if (!slots.has(slot)) return []
      const copies = places.flatMap((place) => pathInSection(source, place, growing) ?? [])
      // A client's paths are not those of this machine; only its copy grows here.
      return [{ slot, places: environment.useSSH ? copies : [...places, ...copies] }]
    }),
    longestPause: minutes * 60_000,
    destination,
  }
  return { reaction }
}
