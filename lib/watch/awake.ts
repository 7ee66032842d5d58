import type { System } from '../system/system.js'

/**
 * Given a Mac, keep it from falling asleep for want of a user as long as that process lives, at the longest until a
 * moment, milliseconds since 1970 (caffeinate(8): `-i` idle sleep, `-w` ends with a process; assumed, never run on a
 * Mac). That it could not is no reason to do anything else: a gap tells of sleep.
 */
export async function stayAwake(system: System, pid: number, until: number): Promise<void> {
  const timeoutSeconds = Math.max(1, (until - system.now().getTime()) / 1000)
  await system.tool('caffeinate', ['-i', '-w', String(pid)], { timeoutSeconds })
}
