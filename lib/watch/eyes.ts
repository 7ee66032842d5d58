import { isAlive } from '../lbackup/process-chain.js'
import { lookAtUsage } from '../mount/look.js'
import { appendText } from '../system/file.js'
import { realSystem } from '../system/system.js'
import { join, type RawPath } from '../text/raw-path.js'
import { glanceAt } from './glance.js'
import { journalLine } from './journal.js'
import type { WatchOrder } from './order.js'
import type { Eyes } from './watch.js'

/** Given the state folder, return where the journal lies. */
export const journalPath = (stateFolder: RawPath): RawPath => join(stateFolder, 'watch.jsonl')

/** Given an order and a signal by which the watch is called to its end, return the eyes of this machine. */
export function realEyes(order: WatchOrder, call: AbortSignal): Eyes {
  const { lbackup, stateFolder } = order
  const system = realSystem(order)
  const journal = journalPath(stateFolder)
  return {
    now: () => Date.now(),
    called: () => call.aborted,
    wait: (milliseconds) =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer)
          call.removeEventListener('abort', done)
          resolve()
        }
        const timer = setTimeout(done, call.aborted ? 0 : milliseconds)
        call.addEventListener('abort', done)
      }),
    late: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds).unref()),
    lbackupLives: () => isAlive(system, lbackup),
    glance: glanceAt,
    async uses(images) {
      const lying = images.flatMap((image) => {
        const { place } = glanceAt(image)
        const path = place === undefined ? undefined : image.places[place]
        return path === undefined ? [] : [{ ...image, path }]
      })
      const options = { excludePids: [process.pid, lbackup.pid], quietSeconds: 0 }
      const usages = await lookAtUsage(system, lying, options)
      return new Map(
        lying.flatMap(({ slot, path }) => {
          const usage = usages.get(path)
          return usage === undefined || usage.state === 'unknown' ? [] : [[slot, usage] as const]
        }),
      )
    },
    tell: (line) => appendText(journal, journalLine(line), { sync: true }),
  }
}
