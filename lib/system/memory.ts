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
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') (collect as () => void)()
  setFlagsFromString('--no-expose-gc')
}
