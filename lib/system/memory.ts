import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// Collecting takes some hundredths of a second.
const fewRows = 100_000

/**
 * Given how many rows the tables at hand have, give back the memory of those that are no longer used, where that is
 * worth it. Numbers by the million lie outside of V8's heap, which hardly grows by them: left to itself it collects
 * them late, and the next million is added to them.
 */
export function collectGarbage(rows: number): void {
  if (rows <= fewRows) return
  collector()()
  setFlagsFromString('--no-expose-gc')
}

/**
 * Return a way to give back at once the memory of buffers that were made a moment ago and are no longer used; half a
 * millisecond each time. For a thread that makes a buffer of a mebibyte again and again: left to V8 they pile up, each is
 * made of fresh pages, and the kernel needs twice as long to provide these as the thread needs for its work.
 */
export function youngCollector(): () => void {
  const collect = collector()
  return () => collect({ type: 'minor' })
}

/** The flag is one for all threads: another one may take it back at any moment. */
function collector(): (options?: { type: 'minor' }) => void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('globalThis.gc')
  return typeof collect === 'function' ? (collect as () => void) : () => undefined
}
