import { size } from '../text/measure.js'
import type { CliContext } from './context.js'

const often = 500
const seldom = 30_000

/**
 * Given what is being done ("exported") and how many bytes that will be, return what hears how many are done: on a
 * terminal one line that is written over, elsewhere a line each half minute. `end` takes the line away.
 */
export function progressTo(
  context: CliContext,
  what: string,
  all: number,
  now: () => number = () => performance.now(),
): { done: (bytes: number) => void; end: () => void } {
  const live = context.live === true
  let told = now()
  let shown = false
  return {
    done(bytes) {
      if (now() - told < (live ? often : seldom)) return
      told = now()
      const percent = String(Math.floor((bytes / all) * 100))
      const line = `lbackup-filevault: ${size(bytes)} of ${size(all)} ${what} (${percent} %) …`
      context.stderr(live ? `\r${line}\x1b[K` : `${line}\n`)
      shown = true
    },
    end() {
      if (live && shown) context.stderr('\r\x1b[K')
    },
  }
}
