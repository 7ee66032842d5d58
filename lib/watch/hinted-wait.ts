import type { Hints } from '../system/hints.js'

/** What hints at a change is followed no sooner: a folder in which much happens must not keep the watch busy. */
const soonest = 500

/** Given hints and a signal, return what waits so many milliseconds, less where one hints at a change or calls to the end. */
export const hintedWait =
  (hintsNow: () => Hints, call: AbortSignal) =>
  (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const hints = hintsNow()
      const done = (): void => {
        timers.forEach(clearTimeout)
        hints.next = undefined
        call.removeEventListener('abort', done)
        resolve()
      }
      const timers = [setTimeout(done, call.aborted ? 0 : milliseconds)]
      hints.next = () => timers.push(setTimeout(done, soonest))
      call.addEventListener('abort', done)
    })
