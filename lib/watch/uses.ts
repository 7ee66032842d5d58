import { lookAtUsage } from '../mount/look.js'
import type { System } from '../system/system.js'
import { glanceAt } from './glance.js'
import type { WatchedImage } from './order.js'
import type { Eyes } from './watch.js'

/**
 * Given the machine, images and processes that do not count, return by slot what uses each, where it lies now; without
 * those that lie at none of their places or of which nothing could be found out.
 */
export async function usesOf(
  system: System,
  images: readonly WatchedImage[],
  excludePids: readonly number[],
): ReturnType<Eyes['uses']> {
  const lying = images.flatMap((image) => {
    const { place } = glanceAt(image)
    const path = place === undefined ? undefined : image.places[place]
    return path === undefined ? [] : [{ ...image, path }]
  })
  const usages = await lookAtUsage(system, lying, { excludePids, quietSeconds: 0 })
  return new Map(
    lying.flatMap(({ slot, path }) => {
      const usage = usages.get(path)
      return usage === undefined || usage.state === 'unknown' ? [] : [[slot, usage] as const]
    }),
  )
}
